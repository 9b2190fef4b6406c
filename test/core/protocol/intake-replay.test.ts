import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Intake } from '../../../core/protocol/intake'
import type { LogRecord } from '../../../core/protocol/log-record'
import type { CutEnvelope } from '../../../core/protocol/uncut'
import { cutAll, linesAt, newIntake, someSteps, take, takeAll } from '../../support/history'

function replayed(records: readonly LogRecord[]): { intake: Intake; cuts: CutEnvelope[] } {
  const intake = newIntake()
  const cuts = records.map((record) => intake.replay(record)).filter((cut) => cut !== null)
  return { intake, cuts }
}

const stateOf = (intake: Intake) => ({
  horizonMs: intake.horizonMs,
  watermarkMs: intake.watermarkMs(Number.POSITIVE_INFINITY),
  nextOffset: intake.nextOffset,
  open: intake.open,
  answers: Array.from({ length: 6 }, (_, n) => intake.answered(`key-${n}`)),
})

describe('replaying the records of a log', () => {
  test('gives the envelopes again, with their lines, digests and tallies', () => {
    fc.assert(
      fc.property(someSteps(40), (steps) => {
        const { records, cuts } = takeAll(newIntake(), steps)
        expect(replayed(records).cuts).toEqual(cuts)
      }),
    )
  })

  test('gives an intake in the same state, which answers, cuts and closes the same from then on', () => {
    fc.assert(
      fc.property(someSteps(40), someSteps(40, 200), (before, after) => {
        const intake = newIntake()
        const again = replayed(takeAll(intake, before).records).intake
        expect(stateOf(again)).toEqual(stateOf(intake))
        intake.touch() // time without requests is not in the log: a restart counts it anew
        expect(takeAll(again, after)).toEqual(takeAll(intake, after))
        expect(stateOf(again)).toEqual(stateOf(intake))
      }),
    )
  })

  test('never judges an event again: what was accepted stays accepted', () => {
    const generous = newIntake({ openPanes: 100 })
    const record = generous.admit({
      key: null,
      lines: linesAt(...Array.from({ length: 20 }, (_, n) => n * 10)),
      rejected: [],
    })!
    const strict = newIntake({ openPanes: 1 })
    strict.replay(record)
    expect(strict.nextOffset).toBe(20)
  })

  test('passes over records that are not about admission', () => {
    const { intake } = replayed([
      { type: 'segment', firstOffset: 0 },
      { type: 'boot', incarnation: 'i', epoch: 1, version: 'v', atMs: 0 },
      { type: 'version', version: 'w', fromMs: 0 },
    ])
    expect(stateOf(intake)).toEqual(stateOf(newIntake()))
  })
})

describe('a snapshot', () => {
  test('through JSON text gives an intake that answers, cuts and closes the same from then on', () => {
    fc.assert(
      fc.property(someSteps(40), someSteps(40, 200), (before, after) => {
        const intake = newIntake()
        takeAll(intake, before)
        cutAll(intake)
        const again = newIntake()
        const snapshot = intake.snapshot()
        again.restore(JSON.parse(JSON.stringify(snapshot)))
        for (const page of intake.keyPages(0, snapshot.keys!.next)) again.takeUpKeys(page, snapshot.keys!)
        expect(stateOf(again)).toEqual(stateOf(intake))
        intake.touch()
        expect(takeAll(again, after)).toEqual(takeAll(intake, after))
        expect(stateOf(again)).toEqual(stateOf(intake))
      }),
    )
  })

  test('needs everything before it to be cut: an uncut line would be lost', () => {
    const intake = newIntake()
    intake.admit({ key: null, lines: linesAt(1), rejected: [] })
    expect(() => intake.snapshot()).toThrow('a snapshot needs everything before it to be cut')
  })
})

describe('a record that contradicts those before it is refused', () => {
  const live = newIntake()
  const request = (...timestamps: number[]) => take(live, { type: 'request', key: null, timestamps }).records[0]!
  const first = request(1, 12) as Extract<LogRecord, { type: 'request' }>
  const cut = take(live, { type: 'cut', maxBytes: 1_000 }).records[0] as Extract<LogRecord, { type: 'cut' }>
  const second = request(14)
  const with_ = (header: Partial<typeof cut.header>) => ({ ...cut, header: { ...cut.header, ...header } })

  test.each<[string, LogRecord[], string]>([
    ['a request after a gap', [second], 'the log has a gap at offset 0'],
    ['a request for the second time', [first, first], 'the log has a gap at offset 2'],
    [
      'a request with a line without a pane',
      [{ ...first, panes: [[0, 1]] }],
      'the request at offset 0 has 2 lines, 1 with a pane',
    ],
    ['a cut of events that never came', [cut], 'cut 0 does not fit the records before it'],
    ['a cut for the second time', [first, cut, cut], 'cut 0 does not fit the records before it'],
    ['a cut out of number', [first, with_({ number: 1 })], 'cut 1 does not fit the records before it'],
    ['a cut from the middle', [first, with_({ firstOffset: 1, count: 1 })], 'cut 0 does not fit the records before it'],
    ['a cut with more than there is', [first, with_({ count: 3 })], 'cut 0 does not fit the records before it'],
    ['a cut at another horizon', [first, with_({ horizonMs: 5 })], 'cut 0 does not fit the records before it'],
    ['a cut of other lines', [first, with_({ digest: 'x' })], 'the lines of envelope 0 have changed'],
    ['a cut of another version', [first, with_({ version: 'w' })], 'the lines of envelope 0 have changed'],
    ['a cut of fewer lines', [first, with_({ count: 1 })], 'the lines of envelope 0 have changed'],
    [
      'a closing before the cut',
      [first, { type: 'closing', horizonMs: 20 }],
      'a closing needs everything before it to be cut',
    ],
    [
      'a closing backwards',
      [
        { type: 'closing', horizonMs: 20 },
        { type: 'closing', horizonMs: 19 },
      ],
      'the horizon only moves forward: 20 to 19',
    ],
    [
      'a closing for the second time',
      [
        { type: 'closing', horizonMs: 20 },
        { type: 'closing', horizonMs: 20 },
      ],
      'the horizon only moves forward: 20 to 20',
    ],
  ])('%s', (_, records, message) => {
    expect(() => replayed(records)).toThrow(message)
  })

  test('and the records as they came are taken', () => {
    expect(replayed([first, cut, second]).intake.nextOffset).toBe(3)
  })
})
