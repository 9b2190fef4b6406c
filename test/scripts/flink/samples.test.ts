import { describe, expect, test } from '@jest/globals'
import {
  atRest,
  FoldedSoFar,
  type Look,
  lagGoneAfterMs,
  NOTHING_FOLDED,
  sampleOf,
} from '../../../scripts/flink/samples'
import type { SidecarFacts } from '../../../scripts/flink/sidecar-process'
import { scheduleOf } from '../../../scripts/load/schedule/open-schedule'

const schedule = scheduleOf({ kind: 'constant', rate: 100 }, 10, 1, '')
const START_MS = 1_000_000
const look = (afterMs: number, edge: number): Look => ({
  ...{ atMs: START_MS + afterMs, folded: { ...NOTHING_FOLDED, edge }, queueDelayMs: 0 },
  ...{ reason: '', finalWindows: 0, invocations: 0 },
})
const sample = (afterMs: number, folded: number) => sampleOf(look(0, 0), look(afterMs, folded), schedule, START_MS)

describe('the lag of a run', () => {
  test('is the time for which the oldest event that is not folded has been due', () => {
    expect(sample(4_000, 100)).toMatchObject({ backlogEvents: 300, lagMs: 2_995 })
  })

  test('is none when all that was due is folded, or more by a restart', () => {
    expect(sample(4_000, 400)).toMatchObject({ backlogEvents: 0, lagMs: 0 })
    expect(sample(4_000, 900)).toMatchObject({ backlogEvents: 0, lagMs: 0 })
  })

  test('is gone when it does not come back', () => {
    const series = [2_000, 900, 1_500, 800, 0].map((lagMs, index) => ({ atMs: 1_000 * index, lagMs }))
    expect(lagGoneAfterMs(series, 1_000)).toBe(2_000)
    expect(lagGoneAfterMs(series.slice(0, 3), 1_000)).toBeNull()
  })
})

describe('what a sidecar counts', () => {
  const facts = (edge: number) => ({ events: { edge, burst: 0, deadLettered: 0 }, burst: { usd: 0 } }) as SidecarFacts

  test('goes on where the sidecar before it was killed', () => {
    const folded = new FoldedSoFar()
    folded.take(facts(100))
    folded.take(null)
    expect(folded.take(facts(30)).edge).toBe(130)
    expect(folded.take(facts(50)).edge).toBe(150)
  })
})

describe('the cloud at rest', () => {
  const series = [0, 3_000, 6_000, 9_000].map((atMs, index) => ({ atMs, invocations: 10 + index, burst: 100 }))

  test('is what happened from five seconds after the lag was gone', () => {
    expect(atRest(series, 0, 1_000)).toEqual({ invocationsAtRest: 1, burstAtRest: 0 })
  })

  test('is not known while there is a lag, and when it was killed', () => {
    expect(atRest(series, 0, null)).toEqual({ invocationsAtRest: null, burstAtRest: null })
    const killed = series.map((one) => ({ ...one, invocations: null }))
    expect(atRest(killed, 0, 1_000).invocationsAtRest).toBeNull()
  })
})
