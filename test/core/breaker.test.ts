import { describe, expect, test } from '@jest/globals'
import { type Breaker, CLOSED, type CloudSign, maySend, observe, sent } from '../../core/breaker'

const FINISHED: CloudSign = { kind: 'finished' }
const failed = (reason = 'no head'): CloudSign => ({ kind: 'failed', reason })
const OPEN: Breaker = { state: 'open', probeAtMs: 6_000, reason: 'no head' }
const PROBING: Breaker = { state: 'probing', reason: 'no head' }

/** The breaker after these signs, all at 1,000 ms. */
const after = (breaker: Breaker, ...signs: CloudSign[]) => signs.reduce((b, sign) => observe(b, sign, 1_000), breaker)

describe('what the signs of the cloud do to the breaker', () => {
  test.each<[string, Breaker, CloudSign[], Breaker]>([
    ['one failure is noted', CLOSED, [failed()], { state: 'closed', failures: 1 }],
    ['two in a row are noted', CLOSED, [failed(), failed()], { state: 'closed', failures: 2 }],
    ['three in a row open it, with the last reason', CLOSED, [failed('a'), failed('b'), failed()], OPEN],
    [
      'a finished envelope between them forgives',
      CLOSED,
      [failed(), failed(), FINISHED, failed(), failed()],
      { state: 'closed', failures: 2 },
    ],
    [
      'failures of what was sent before change nothing once it is open',
      { ...OPEN, probeAtMs: 50 },
      [failed('x')],
      { ...OPEN, probeAtMs: 50 },
    ],
    ['anything finished closes it', OPEN, [FINISHED], CLOSED],
    ['a probe that fails opens it again, for a new while', PROBING, [failed()], OPEN],
    ['a probe that is finished closes it', PROBING, [FINISHED], CLOSED],
  ])('%s', (_, breaker, signs, expected) => {
    expect(after(breaker, ...signs)).toEqual(expected)
  })
})

describe('an envelope may be sent', () => {
  test.each<[string, Breaker, number, boolean]>([
    ['while the breaker is closed', CLOSED, 0, true],
    ['not while it is open', OPEN, 5_999, false],
    ['once the time of the probe has come', OPEN, 6_000, true],
    ['not while a probe is on its way', PROBING, 1e9, false],
  ])('%s', (_, breaker, nowMs, expected) => {
    expect(maySend(breaker, nowMs)).toBe(expected)
  })

  test('as a probe only once: the next one waits for its outcome', () => {
    expect(sent(OPEN)).toEqual(PROBING)
    expect(maySend(sent(OPEN), 6_000)).toBe(false)
    expect(sent(CLOSED)).toBe(CLOSED)
    expect(sent(PROBING)).toBe(PROBING)
  })
})
