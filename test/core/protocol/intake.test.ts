import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { tumbling } from '../../../core/pipeline/window'
import { foldEnvelope } from '../../../core/protocol/fold'
import { linesAt, newIntake, slidingPipeline, someSteps, take } from '../../support/history'

const NEVER_MS = Number.NEGATIVE_INFINITY
const request = (...timestamps: number[]) => ({ key: null, lines: linesAt(...timestamps), rejected: [] })
const keyed = (key: string) => ({ ...request(1), key })

describe('admission', () => {
  test('accepts everything before anything has closed, however old', () => {
    const { answer, firstOffset, lines } = newIntake().admit(request(1_000, 0, 35))!
    expect(answer).toEqual({ accepted: 3, late: 0, partlyLate: 0, horizon: null, rejected: [] })
    expect([firstOffset, lines]).toEqual([0, linesAt(1_000, 0, 35).map(({ line }) => line)])
  })

  test('judges each event against the horizon: in time, late for some of its windows, or for all of them', () => {
    const intake = newIntake()
    intake.close(40) // windows up to [20, 40) have closed
    const { answer, lines } = intake.admit(request(40, 30, 39, 29, 20, 0))!
    expect(answer).toEqual({ accepted: 3, late: 3, partlyLate: 2, horizon: 40, rejected: [] })
    expect(lines).toEqual(linesAt(40, 30, 39).map(({ line }) => line))
  })

  test('numbers the accepted events alone, without a gap', () => {
    const intake = newIntake()
    intake.close(40)
    expect(intake.admit(request(50, 0, 51))!.firstOffset).toBe(0)
    expect(intake.admit(request(0))!.firstOffset).toBe(2)
    expect(intake.admit(request(52))!.firstOffset).toBe(2)
    expect(intake.nextOffset).toBe(3)
  })

  test('rejects an event that would open one pane too many, and takes those of open panes', () => {
    const intake = newIntake({ openPanes: 2 })
    const read = {
      key: null,
      lines: linesAt(1, 15, 25, 9),
      rejected: [{ line: 9, code: 'schema', reason: 'r' }],
    } as const
    const { accepted, rejected } = intake.admit(read)!.answer
    const reason =
      '2 panes are open already; the event at 25 would open another; send it under another key when windows have closed'
    expect(accepted).toBe(3)
    expect(rejected).toEqual([
      { line: 3, code: 'too_many_windows', reason },
      { line: 9, code: 'schema', reason: 'r' },
    ])
    expect(intake.watermarkMs(Number.POSITIVE_INFINITY)).toBe(10) // what was rejected does not move it
  })

  test('has room again for as many panes as have closed', () => {
    const intake = newIntake({ openPanes: 2 })
    intake.admit(request(1, 15))
    intake.cut(1_000)
    intake.close(20)
    expect(intake.admit(request(25, 35))!.answer).toMatchObject({ accepted: 1, rejected: [{ line: 2 }] })
  })

  test('never accepts and rejects, or loses, an event: each line is in exactly one of the counts', () => {
    fc.assert(
      fc.property(someSteps(30), (steps) => {
        const intake = newIntake()
        for (const step of steps) {
          for (const record of take(intake, step).records) {
            if (record.type !== 'request' || step.type !== 'request') continue
            const { accepted, late, partlyLate, rejected, horizon } = record.answer
            expect(accepted + late + rejected.length).toBe(step.timestamps.length)
            expect(accepted).toBe(record.lines.length)
            const closed = horizon ?? NEVER_MS
            const lateByHand = step.timestamps.filter((t) => Math.floor(t / 10) * 10 + 20 <= closed)
            expect(late).toBe(lateByHand.length)
            expect(partlyLate).toBeLessThanOrEqual(accepted)
          }
        }
      }),
    )
  })
})

describe('answers to requests with a key', () => {
  test('are remembered word for word, whatever happens later', () => {
    const intake = newIntake()
    const { answer } = intake.admit(keyed('a'))!
    intake.cut(1_000)
    intake.close(100)
    expect(intake.answered('a')).toEqual(answer)
    expect(intake.answered('b')).toBeUndefined()
  })

  test('are forgotten when their time is past, and not before', () => {
    const intake = newIntake({ rememberKeysMs: 60_000 })
    intake.rememberAt(1_000_000)
    intake.admit(keyed('a'))
    intake.rememberAt(1_060_000)
    expect(intake.answered('a')).toBeDefined()
    intake.rememberAt(1_062_000)
    expect(intake.answered('a')).toBeUndefined()
  })

  test('that accepted nothing and never will take no room', () => {
    const intake = newIntake()
    intake.close(100)
    expect(intake.admit(keyed('a'))!.answer).toMatchObject({ accepted: 0, late: 1 })
    expect(intake.answered('a')).toBeUndefined()
    expect(intake.keys).toMatchObject({ first: 0, next: 0 })
  })

  test('are not given when nothing is accepted for want of panes: the same request is judged anew later', () => {
    const intake = newIntake({ openPanes: 1 })
    intake.admit(request(1))
    expect(intake.admit({ ...request(25), key: 'a' })).toBeNull()
    expect([intake.answered('a'), intake.nextOffset]).toEqual([undefined, 1])
    intake.cut(1_000)
    intake.close(20)
    expect(intake.admit({ ...request(25), key: 'a' })!.answer).toMatchObject({ accepted: 1 })
  })
})

describe('cutting', () => {
  const line = linesAt(1)[0]!.line.length + 1

  test('takes the oldest lines up to so many bytes, newlines included', () => {
    const intake = newIntake()
    intake.admit(request(1, 2, 3, 4, 5))
    const { cut, record } = intake.cut(3 * line)!
    expect(cut.envelope.lines).toEqual(linesAt(1, 2, 3).map(({ line }) => line))
    expect(cut.bytes).toBe(3 * line)
    expect(intake.open).toEqual({ events: 2, bytes: 2 * line })
    expect(record.header).toEqual({
      pipeline: 'p',
      version: 'v',
      incarnation: 'i',
      number: 0,
      firstOffset: 0,
      count: 3,
      horizonMs: NEVER_MS,
      digest: ['["p","v","i",0,0,3,null]', ...cut.envelope.lines].join('\n'), // what is digested, see history.ts
    })
  })

  test('takes one line even where it is over the limit, and nothing where nothing waits', () => {
    const intake = newIntake()
    expect(intake.cut(1_000)).toBeNull()
    intake.admit(request(1, 2))
    expect(intake.cut(1)!.cut.envelope.count).toBe(1)
    expect(intake.cut(2 * line - 1)!.cut.envelope.count).toBe(1)
    expect(intake.cut(1_000)).toBeNull()
  })

  test('makes of one large request many envelopes: dense numbers, no gap, every line once', () => {
    const intake = newIntake({ openPanes: 100 })
    const { lines } = intake.admit(request(...Array.from({ length: 1_000 }, (_, n) => n % 97)))!
    const envelopes = []
    for (let made = intake.cut(500); made !== null; made = intake.cut(500)) envelopes.push(made.cut)
    expect(envelopes.length).toBeGreaterThan(20)
    expect(envelopes.flatMap(({ envelope }) => envelope.lines)).toEqual(lines)
    let offset = 0
    for (const [number, { envelope, bytes, panes }] of envelopes.entries()) {
      expect(envelope).toMatchObject({ number, firstOffset: offset })
      expect(bytes).toBeLessThanOrEqual(500)
      expect([...panes.values()].reduce((events, { count }) => events + count, 0)).toBe(envelope.count)
      offset += envelope.count
    }
    expect(intake.open).toEqual({ events: 0, bytes: 0 })
  })

  test('joins small requests, and says what each pane accepted just as folding will count it', async () => {
    const intake = newIntake()
    for (const t of [1, 2, 12, 3]) intake.admit(request(t))
    intake.cut(2 * line)
    const { envelope, panes } = intake.cut(1_000)!.cut
    const folded = await foldEnvelope(slidingPipeline(), envelope)
    expect([...panes]).toEqual([...folded.panes].map(([pane, partial]) => [pane, partial.folded]))
    expect([...panes].map(([pane, { count }]) => [pane, count])).toEqual([
      [10, 1],
      [0, 1],
    ])
  })
})

describe('closing', () => {
  test('needs everything before it to be cut, so that an envelope lies on one side of it', () => {
    const intake = newIntake()
    intake.admit(request(1, 2))
    intake.cut(1)
    expect(() => intake.close(20)).toThrow('a closing needs everything before it to be cut')
    intake.cut(1)
    expect(intake.close(20)).toEqual({ type: 'closing', horizonMs: 20 })
    expect(intake.horizonMs).toBe(20)
  })

  test.each([20, 19])('moves the horizon forward only: from 20 to %i is a bug', (horizonMs) => {
    const intake = newIntake()
    intake.close(20)
    expect(() => intake.close(horizonMs)).toThrow(`the horizon only moves forward: 20 to ${horizonMs}`)
  })

  test('leaves the watermark where the events have brought it', () => {
    const intake = newIntake()
    expect(intake.watermarkMs(Number.POSITIVE_INFINITY)).toBe(NEVER_MS)
    intake.admit(request(30, 20))
    intake.cut(1_000)
    intake.close(500)
    expect(intake.watermarkMs(Number.POSITIVE_INFINITY)).toBe(25)
  })

  test('is written into every envelope that is cut after it', () => {
    const intake = newIntake({}, { window: tumbling(10) })
    intake.close(20)
    intake.admit(request(25))
    expect(intake.cut(1_000)!.cut.envelope.horizonMs).toBe(20)
  })
})
