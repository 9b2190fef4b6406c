import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { predictionIn } from '../../../lab/bench/trace/predicted'
import { replayOf } from '../../../lab/bench/trace/trace'
import { judgeTrace, renderTrace, type TraceRun } from '../../../lab/bench/trace/trace-report'
import { parseTrace } from '../../../scripts/load/schedule/trace'
import { cutSlice, lengthOf, ratesOf, readTraceRows, traceText } from '../../../scripts/load/schedule/trace-slice'
import { aSeries, trialReport } from './bench-fixtures'

const TEXT = '# a comment\nstart_s,events\n0,1\n1,2\n2,30\n5,4\n6,5\n'
const ROWS = readTraceRows(TEXT, 'test')

describe('a slice of a trace', () => {
  test('is centred on the fullest bin', () => {
    expect(cutSlice(ROWS, { from: 'peak', seconds: 3 }).rows).toEqual([
      [1, 2],
      [2, 30],
      [3, 0],
    ])
  })

  test('is as long as it was cut, even if nothing arrived at its ends', () => {
    expect(cutSlice(ROWS, { from: 3, seconds: 2 }).rows).toEqual([
      [3, 0],
      [4, 0],
    ])
  })

  test('is the whole trace when nothing is said', () => {
    expect(cutSlice(ROWS, { from: 'start', seconds: null }).rows).toEqual(ROWS.rows)
  })

  test('never leaves the trace, and has the length that was asked for', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 2, max: 20 }), (from, seconds) => {
        const cut = cutSlice(ROWS, { from, seconds })
        expect(lengthOf(cut)).toBe(Math.min(seconds, 7))
        expect(cut.rows[0]![0]).toBeGreaterThanOrEqual(0)
        expect(cut.rows.at(-1)![0]).toBeLessThanOrEqual(6)
      }),
    )
  })

  test('is a trace that the load can replay', () => {
    const cut = cutSlice(ROWS, { from: 'peak', seconds: 4 })
    const curve = parseTrace(traceText(cut), 'slice')
    expect(curve.counts.at(-1)).toBe(cut.rows.reduce((sum, [, events]) => sum + events, 0))
  })

  test('has a mean and a peak in events per second', () => {
    expect(ratesOf(ROWS)).toEqual({ mean: 42 / 7, peak: 30 })
  })

  test('of something else is refused by name', () => {
    expect(() => readTraceRows('a,b\n1,2', 'other.csv')).toThrow('other.csv is not a rate trace')
  })
})

describe('the replay of a trace', () => {
  test('takes some two minutes unless it is told otherwise', () => {
    expect(replayOf('azure-llm-code', { mean: 0.5 }, 3_000)).toEqual({
      slice: { from: 'start', seconds: null },
      speedup: 20,
      meanShare: 0.5,
    })
  })

  test('does as it is told', () => {
    const options = { slice: 'peak', seconds: 300, speedup: 1, mean: 0.5 } as const
    expect(replayOf('azure-llm-code', options, 3_000)).toMatchObject({
      slice: { from: 'peak', seconds: 300 },
      speedup: 1,
    })
  })

  test('of a trace of weeks is that of some days', () => {
    const { slice, speedup } = replayOf('nyc-taxi', { mean: 0.5 }, 18_000_000)
    expect(slice).toEqual({ from: 'start', seconds: 14 * 86_400 })
    expect(speedup).toBe((14 * 86_400) / 150)
  })

  test('is never slower than the trace', () => {
    expect(replayOf('short', { mean: 0.5 }, 60).speedup).toBe(1)
  })
})

function traceRun(changes: Partial<TraceRun>): TraceRun {
  return {
    ...{ trace: 'azure-llm-code', sliceSeconds: 300, peakShare: 5, speedup: 1, meanShare: 0.5, predicted: null },
    ...{ slice: { from: 'peak', seconds: 300 }, report: trialReport(), series: aSeries },
    ...changes,
  }
}

const broken = (run: TraceRun) => judgeTrace({ runs: [run] }).filter(({ holds }) => !holds)

describe('the judgement of a trace', () => {
  test('wants a precision of 85 % at its own speed', () => {
    expect(broken(traceRun({}))).toEqual([])
    expect(broken(traceRun({ report: trialReport({ precision: 0.84 }) }))).toHaveLength(1)
    expect(broken(traceRun({ speedup: 20, report: trialReport({ precision: 0.84 }) }))).toEqual([])
  })

  test('wants nearly nothing burst on the calm trace', () => {
    expect(broken(traceRun({ trace: 'nyc-taxi', report: trialReport({ burst: 90 }) }))).toEqual([])
    expect(broken(traceRun({ trace: 'nyc-taxi', report: trialReport({ burst: 110 }) }))).toHaveLength(1)
  })

  test('wants the simulator within 20 % of the live run', () => {
    const predicted = { processingDelayMs: { p50: 1, p99: 1_190, max: 1 }, overTarget: 0, burst: 3_300, precision: 1 }
    expect(broken(traceRun({ predicted }))).toEqual([])
    expect(broken(traceRun({ predicted: { ...predicted, burst: 3_100 } }))).toHaveLength(1)
  })
})

describe('the report of traces', () => {
  test('has a row and a plot for each, and the simulator beside the live run where there is one', () => {
    const predicted = { processingDelayMs: { p50: 1, p99: 2, max: 3 }, overTarget: 0, burst: 1, precision: 1 }
    const runs = [traceRun({ predicted }), traceRun({ trace: 'nyc-taxi' })]
    const { markdown, plots } = renderTrace({ capacity: 2_000, lanes: { shards: 2, parallelization: 8 }, runs })
    expect(plots.map(({ name }) => name)).toEqual(['azure-llm-code', 'nyc-taxi'])
    expect(markdown).toContain('| azure-llm-code, simulated | 1 | 2 |')
    expect(markdown).not.toContain('nyc-taxi, simulated')
  })

  test("takes Spillway's row of the simulator's report", () => {
    const row = {
      name: 'spillway',
      processingDelayMs: { p50: 1, p99: 2, max: 3 },
      overTarget: 0,
      burst: 4,
      precision: 1,
    }
    expect(predictionIn({ policies: [{ ...row, name: 'none', burst: 0 }, row] }).burst).toBe(4)
    expect(() => predictionIn({ policies: [] })).toThrow('no policy "spillway"')
  })
})
