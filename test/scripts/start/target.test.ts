import { describe, expect, test } from '@jest/globals'
import { burstPartLines, targetText } from '../../../scripts/start/print-report'
import type { Report } from '../../../scripts/start/report'
import { secondsOver, secondsOverTarget } from '../../../scripts/start/samples'

const look = (atMs: number, doneEvents: number, overTargetEvents: number) => ({ atMs, doneEvents, overTargetEvents })

describe('the seconds over the target', () => {
  test('are those in which more than one event in a hundred was done too late', () => {
    const series = [look(1_000, 100, 0), look(2_000, 100, 1), look(3_500, 100, 2), look(4_000, 1_000, 999)]
    expect(secondsOverTarget(series, 0)).toBe(2)
  })

  test('are none where nothing was done', () => {
    expect(secondsOverTarget([look(1_000, 0, 0)], 0)).toBe(0)
    expect(secondsOverTarget([], 0)).toBe(0)
  })
})

describe('the first line of a report', () => {
  const report = (overTarget: number | null, seconds: number) =>
    targetText({
      overTarget,
      secondsOverTarget: seconds,
      latencyTargetMs: 1_000,
      processingDelayMs: { p50: 5, p99: 700, max: 900 },
    } as Report)

  test('says that the target was met, with at most one event in a hundred over it', () => {
    expect(report(0.01, 1)).toContain(
      'LATENCY TARGET MET: 1.0 % of the events were processed later than 1,000 ms after they were due to be sent (1 % may be); p99 700 ms.',
    )
  })

  test('says for how long it was missed', () => {
    expect(report(0.31, 12.4)).toMatch(
      /LATENCY TARGET MISSED: 31\.0 % of the events .* For 12 s of the run it was more than 1 %\./,
    )
    expect(report(0.02, 0)).toContain('For 1 s of the run')
  })
})

describe('where the time of burst envelopes went', () => {
  const burstParts = [
    { part: 'linger', inWords: 'it waits for more', p50: 60, p99: 61, max: 70 },
    { part: 'lane', inWords: 'it waits for a function', p50: 310, p99: 1_240, max: 2_000 },
  ] as const

  test('is a line for each part with what it is', () => {
    const lines = burstPartLines({ burst: 10, burstParts })
    expect(lines.map((line) => line.trim().replace(/\s+/g, ' '))).toEqual([
      "a burst envelope's time p50 p99 each part by itself; these do not add up",
      'linger 60 ms 61 ms it waits for more',
      'lane 310 ms 1,240 ms it waits for a function',
    ])
  })

  test('is not told where nothing burst', () => {
    expect(burstPartLines({ burst: 0, burstParts })).toEqual([])
  })
})

describe('the table of progress', () => {
  test('has each second once, however the looks come', () => {
    const looksMs = [0, 250, 999, 1_000, 1_010, 1_999.9, 2_600, 2_700, 6_100, 6_350, 7_001]
    const rows = looksMs.slice(1).flatMap((afterMs, index) => secondsOver(looksMs[index]!, afterMs))
    expect(rows).toEqual([1, 2, 3, 4, 5, 6, 7])
  })

  test('has no row for a look within a second', () => {
    expect(secondsOver(1_000, 1_999)).toEqual([])
  })
})
