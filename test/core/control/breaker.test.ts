import { describe, expect, test } from '@jest/globals'
import { type Breaker, type CloudSign, maySend, observe, sent, USABLE } from '../../../core/control/breaker'

const FINISHED: CloudSign = { kind: 'finished' }
const failed = (reason = 'no head'): CloudSign => ({ kind: 'failed', reason })
const AWAY: Breaker = { state: 'away', probeAtMs: 6_000, reason: 'no head' }
const PROBING: Breaker = { state: 'probing', reason: 'no head' }

/** The breaker after these signs, all at 1,000 ms. */
const after = (breaker: Breaker, ...signs: CloudSign[]) => signs.reduce((b, sign) => observe(b, sign, 1_000), breaker)

describe('what the signs of the cloud do to the breaker', () => {
  test.each<[string, Breaker, CloudSign[], Breaker]>([
    ['one failure is noted', USABLE, [failed()], { state: 'usable', failures: 1 }],
    ['two in a row are noted', USABLE, [failed(), failed()], { state: 'usable', failures: 2 }],
    [
      'three in a row say that the cloud is away, with the last reason',
      USABLE,
      [failed('a'), failed('b'), failed()],
      AWAY,
    ],
    [
      'a finished envelope between them forgives',
      USABLE,
      [failed(), failed(), FINISHED, failed(), failed()],
      { state: 'usable', failures: 2 },
    ],
    [
      'failures of what was sent before change nothing once it is away',
      { ...AWAY, probeAtMs: 50 },
      [failed('x')],
      { ...AWAY, probeAtMs: 50 },
    ],
    ['anything finished makes it usable', AWAY, [FINISHED], USABLE],
    ['after a probe that fails it is away again, for a new while', PROBING, [failed()], AWAY],
    ['after a probe that is finished it is usable', PROBING, [FINISHED], USABLE],
  ])('%s', (_, breaker, signs, expected) => {
    expect(after(breaker, ...signs)).toEqual(expected)
  })
})

describe('an envelope may be sent', () => {
  test.each<[string, Breaker, number, boolean]>([
    ['while the cloud is usable', USABLE, 0, true],
    ['not while it is away', AWAY, 5_999, false],
    ['once the time of the probe has come', AWAY, 6_000, true],
    ['not while a probe is on its way', PROBING, 1e9, false],
  ])('%s', (_, breaker, nowMs, expected) => {
    expect(maySend(breaker, nowMs)).toBe(expected)
  })

  test('as a probe only once: the next one waits for its outcome', () => {
    expect(sent(AWAY)).toEqual(PROBING)
    expect(maySend(sent(AWAY), 6_000)).toBe(false)
    expect(sent(USABLE)).toBe(USABLE)
    expect(sent(PROBING)).toBe(PROBING)
  })
})
