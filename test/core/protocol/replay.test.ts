import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { sliding, tumbling, windowEndsOfPane } from '../../../core/pipeline/window'
import { type Buried, planReplay, type ReplayFacts } from '../../../core/protocol/replay'

const letter = (timestampMs: number, rest: Partial<Buried> = {}): Buried => ({
  timestampMs,
  horizonMs: null,
  countedIn: [],
  ...rest,
})

const facts = (horizonMs: number, rest: Partial<ReplayFacts> = {}): ReplayFacts => ({
  horizonMs,
  resentAtMs: null,
  isFinal: (endMs) => endMs <= horizonMs,
  isCorrected: () => false,
  isGone: () => false,
  ...rest,
})

describe('a tumbling window of 10', () => {
  const spec = tumbling(10)

  test.each([
    ['open', facts(0), { resend: [20], correct: [], waiting: [] }],
    ['before anything closed', facts(Number.NEGATIVE_INFINITY), { resend: [20], correct: [], waiting: [] }],
    ['final', facts(20), { resend: [], correct: [20], waiting: [] }],
    ['closed and not final', facts(20, { isFinal: () => false }), { resend: [], correct: [], waiting: [20] }],
    ['final and corrected', facts(20, { isCorrected: () => true }), { resend: [], correct: [], waiting: [] }],
    ['open, and sent again', facts(0, { resentAtMs: 0 }), { resend: [], correct: [], waiting: [] }],
    ['final, and sent again before', facts(20, { resentAtMs: 0 }), { resend: [], correct: [], waiting: [] }],
  ])('%s', (_, known, plan) => {
    expect(planReplay(spec, letter(13), known)).toEqual(plan)
  })
})

describe('sliding windows of 30 every 10', () => {
  const spec = sliding(30, 10)

  test('some final, one closed and one open: both a correction and a new event', () => {
    const known = facts(30, { isFinal: (endMs) => endMs === 20 })
    expect(planReplay(spec, letter(13), known)).toEqual({ resend: [40], correct: [20], waiting: [30] })
  })

  test('windows that the event never counted in are left alone', () => {
    const late = letter(13, { horizonMs: 20 })
    expect(planReplay(spec, late, facts(40)).correct).toEqual([30, 40])
  })

  test('so are those that have it from an earlier fold', () => {
    expect(planReplay(spec, letter(13, { countedIn: [20] }), facts(40)).correct).toEqual([30, 40])
  })

  test('what was sent again after some had closed is still missing in those', () => {
    expect(planReplay(spec, letter(13), facts(40, { resentAtMs: 20 }))).toEqual({
      resend: [],
      correct: [20],
      waiting: [],
    })
  })
})

describe('law', () => {
  const spec = sliding(50, 10)
  /** The life of a letter: the horizon moves, windows become final after it, and somebody replays now and then. */
  const steps = fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant('close' as const), byMs: fc.integer({ min: 1, max: 40 }) }),
      fc.record({ kind: fc.constant('finish' as const), which: fc.nat(4) }),
      fc.record({ kind: fc.constant('replay' as const) }),
    ),
    { maxLength: 20 },
  )

  test('however often it is replayed, each window has the event once in the end', () => {
    fc.assert(
      fc.property(fc.nat(99), fc.constantFrom(null, 20, 60, 100), steps, (timestampMs, horizonMs, life) => {
        const buried = letter(timestampMs, { horizonMs })
        const ends = windowEndsOfPane(spec, Math.floor(timestampMs / 10) * 10)
        const final = new Set<number>()
        const got = new Map<number, number>()
        let closedMs = horizonMs ?? 0
        let resentAtMs: number | null = null
        const give = (endMs: number) => got.set(endMs, (got.get(endMs) ?? 0) + 1)
        const corrected = new Set<number>()
        const replay = () => {
          const known = { horizonMs: closedMs, resentAtMs, isFinal: (e: number) => final.has(e) }
          const plan = planReplay(spec, buried, { ...known, isCorrected: (e) => corrected.has(e), isGone: () => false })
          for (const endMs of plan.correct) {
            corrected.add(endMs)
            give(endMs)
          }
          if (plan.resend.length === 0) return
          resentAtMs = closedMs
          for (const endMs of ends) if (endMs > closedMs) give(endMs)
        }
        for (const step of life) {
          if (step.kind === 'close') closedMs += step.byMs
          if (step.kind === 'finish') for (const e of ends.slice(0, step.which)) if (e <= closedMs) final.add(e)
          if (step.kind === 'replay') replay()
        }
        closedMs = 1_000
        for (const endMs of ends) final.add(endMs)
        replay()
        replay()
        const mine = ends.filter((endMs) => endMs > (horizonMs ?? Number.NEGATIVE_INFINITY))
        expect([...got.keys()].sort((a, b) => a - b)).toEqual(mine)
        expect([...got.values()].every((times) => times === 1)).toBe(true)
      }),
    )
  })
})

test('windows that retention took away are planned for no more', () => {
  const plan = planReplay(sliding(20, 10), letter(15), facts(100, { isGone: (endMs) => endMs <= 20 }))
  expect(plan).toEqual({ resend: [], correct: [30], waiting: [] })
})
