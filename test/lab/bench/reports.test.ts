import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import {
  type BreakEvenCase,
  breakEvenUs,
  judgeBreakEven,
  pays,
  renderBreakEven,
} from '../../../lab/bench/break-even/break-even-report'
import { judgeEverythingOn, renderEverythingOn } from '../../../lab/bench/overhead/everything-on-report'
import { modesOf } from '../../../lab/bench/overhead/overhead'
import { addedShare, judgeOverhead, renderOverhead } from '../../../lab/bench/overhead/overhead-report'
import { judgePolicies, renderPolicies } from '../../../lab/bench/policies/policies-report'
import { Progress } from '../../../lab/bench/progress'
import { readResults, writeResults } from '../../../lab/bench/results'
import { cpuUsPerEvent, largest, median, ratio, thisMachine } from '../../../lab/bench/statistics'
import { markdownTable } from '../../../scripts/command-line/markdown'
import { mustHold, mustHoldTable } from '../../../scripts/command-line/must-hold'
import { aSeries, p99Of, trialReport } from './bench-fixtures'

describe('a promise', () => {
  test('holds at its limit', () => {
    expect(mustHold('x', 5, 'at most', 5, '%').holds).toBe(true)
    expect(mustHold('x', 5, 'at least', 5, '%').holds).toBe(true)
    expect(mustHold('x', 0.1, 'equal to', 0, '').holds).toBe(false)
  })

  test('does not hold when there is nothing to measure, or no number', () => {
    expect(mustHold('x', null, 'at most', 5, '%').holds).toBe(false)
    expect(mustHold('x', Number.NaN, 'at most', 5, '%').holds).toBe(false)
  })

  test('is a row with what was measured, the limit and the verdict', () => {
    const table = mustHoldTable([mustHold('p99', 1234.567, 'at most', 5, 'ms'), mustHold('y', null, 'at least', 1, '')])
    expect(table).toContain('| p99 | 1,234.57 ms | at most 5 ms | **FAIL** |')
    expect(table).toContain('| y | not measured | at least 1 | **FAIL** |')
  })
})

describe('small statistics', () => {
  test('the median of an even number of values lies between the middle ones', () => {
    expect(median([4, 1, 3, 2])).toBe(2.5)
    expect(median([3, 1, 2])).toBe(2)
    expect(median([])).toBeNull()
  })

  test('there is no ratio to nothing, and no largest of none', () => {
    expect(ratio(1, 0)).toBeNull()
    expect(largest([])).toBeNull()
  })

  test('a bar does not break a table', () => {
    expect(markdownTable(['a'], [['x|y']])).toContain('| x\\|y |')
  })
})

describe('the progress of a benchmark', () => {
  test('is told run by run, with what is left', async () => {
    const said: string[] = []
    const runs = [
      { label: 'first', estimateMs: 60_000 },
      { label: 'second', estimateMs: 120_000 },
    ]
    const progress = new Progress(runs, (text) => said.push(text))
    expect(await progress.next(async () => 'done')).toBe('done')
    await progress.next(async () => null)
    expect(said[0]).toBe('[1/2] first; about 3 min left')
    expect(said[1]).toMatch(/^\[2\/2\] second; about .* left$/)
    expect(progress.leftMs()).toBe(0)
  })
})

describe('processor time', () => {
  test('an event has its part of what the process used', () => {
    const before = { cpuUs: 1_000, accepted: 100 }
    expect(cpuUsPerEvent(before, { cpuUs: 101_000, accepted: 1_100 })).toBe(100)
    expect(cpuUsPerEvent(before, { cpuUs: 101_000, accepted: 100 })).toBeNaN()
  })
})

describe('overhead', () => {
  const pairs = [1.01, 1.05, 1.02].map((factor) => ({ onUsPerEvent: 40 * factor, offUsPerEvent: 40 }))
  const figures = { cases: [{ pipeline: 'bids', rate: 1_200, share: 0.6, seconds: 10, pairs }] }

  test('changes who goes first from pair to pair', () => {
    expect(modesOf(0)).toEqual(modesOf(1).toReversed())
  })

  test('is judged by the median of the pairs', () => {
    expect(judgeOverhead(figures)).toMatchObject([{ holds: true, limit: 3 }])
    expect(judgeOverhead(figures)[0]?.measured).toBeCloseTo(2)
    expect(addedShare(pairs[1]!)).toBeCloseTo(0.05)
  })

  test('shows the spread', () => {
    const { markdown, plots } = renderOverhead(figures)
    expect(markdown).toContain('| 2.00 % | 1.00 % | 5.00 % |')
    expect(plots[0]?.svg).toContain('controller off')
  })
})

describe('break-even', () => {
  const one = (burnUs: number, changes: Partial<BreakEvenCase> = {}): BreakEvenCase => ({
    cost: { burnUs },
    rate: 1_000,
    ...{ ingestUs: 30, atEdgeUs: 30 + 4 + burnUs, divertedUs: 50 },
    auto: { burstShare: burnUs > 16 ? 0.8 : 0, foldUs: 4 + burnUs, divertUs: 20, reason: 'because' },
    ...changes,
  })
  const waiting = one(0, {
    cost: { waitMs: 2 },
    atEdgeUs: 45,
    auto: { burstShare: 0.9, foldUs: 500, divertUs: 20, reason: '' },
  })
  const cases = [one(1), one(10), one(100), one(1_000), waiting]

  test('is where the map costs what diverting costs beyond reading and grouping', () => {
    expect(breakEvenUs({ cases })).toBeCloseTo(16)
    expect(breakEvenUs({ cases: [one(100), one(1_000)] })).toBe(0)
    expect(breakEvenUs({ cases: [one(1), one(10)] })).toBeNull()
  })

  test('a map that waits takes its part of the service, not processor time', () => {
    expect(pays(waiting)).toBe(true)
  })

  test('costs that are close are not told apart', () => {
    expect(cases.map(pays)).toEqual([false, false, true, true, true])
    expect(pays(one(16))).toBeNull()
  })

  test('wants no bursting below and bursting above', () => {
    expect(judgeBreakEven({ cases }).every(({ holds }) => holds)).toBe(true)
    const eager = one(1, { auto: { burstShare: 0.5, foldUs: 5, divertUs: 20, reason: '' } })
    const timid = one(1_000, { auto: { burstShare: 0, foldUs: 1_004, divertUs: 20, reason: '' } })
    expect(judgeBreakEven({ cases: [eager, timid] }).map(({ holds }) => holds)).toEqual([false, false])
  })

  test('is told in a sentence, with the controller in its own words', () => {
    const { markdown } = renderBreakEven({ seconds: 8, cases })
    expect(markdown).toContain('from about 16 us of processor time')
    expect(markdown).toContain('the controller says "because"')
  })
})

describe('policies', () => {
  const run = (policy: 'spillway' | 'sponge' | 'static', p99: number, machines = 1) => ({
    ...{ policy, machines, series: aSeries },
    report: trialReport(p99Of(p99)),
  })
  const figures = {
    ...{ capacity: 2_000, trace: 'two-spikes', meanShare: 1, peakShare: 4, latencyTargetMs: 1_000 },
    lanes: { shards: 2, parallelization: 4 },
    runs: [run('spillway', 1_100), run('sponge', 4_000), run('static', 20, 4)],
  }

  test('ours may not be worse than a rival that misses the target', () => {
    expect(judgePolicies(figures).every(({ holds }) => holds)).toBe(true)
    const worse = { ...figures, runs: [run('spillway', 4_001), run('sponge', 4_000)] }
    expect(judgePolicies(worse).map(({ holds }) => holds)).toEqual([false, true])
  })

  test('ours may not miss the target where a rival keeps it', () => {
    const missed = { ...figures, runs: [run('spillway', 1_001), run('sponge', 900)] }
    expect(judgePolicies(missed)[0]?.holds).toBe(false)
  })

  test('have a row each, with the price of the machines, and a small panel each', () => {
    const { markdown, plots } = renderPolicies(figures)
    expect(markdown).toContain('| static, for the peak |')
    expect(markdown).toContain('flatters the rival')
    expect(plots.map(({ name }) => name)).toEqual(['rates', 'delay'])
    expect(plots[0]?.svg).toContain('Sponge: p99 4,000 ms')
  })
})

describe('results', () => {
  test('are written as JSON, Markdown and plots, and can be read to be drawn again', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'spillway-results-'))
    try {
      const measured = {
        name: 'demo',
        measuredAt: '2026-01-01T00:00:00.000Z',
        machine: thisMachine(),
        figures: { capacity: 5 },
      }
      const mustHolds = [mustHold('p99', 1, 'at most', 5, 'ms')]
      const rendering = { markdown: '# Demo\n', plots: [{ name: 'a', svg: '<svg/>' }], mustHold: mustHolds }
      await writeResults(measured, rendering, folder, join(folder, 'more/report.json'))
      expect((await readdir(folder)).sort()).toEqual(['demo-a.svg', 'demo.json', 'demo.md', 'more'])
      const text = await readFile(join(folder, 'demo.md'), 'utf8')
      expect(text).toContain('| p99 | 1 ms | at most 5 ms | pass |')
      expect(text).toContain('![demo a](demo-a.svg)')
      expect(text).toContain(process.version)
      expect(JSON.parse(await readFile(join(folder, 'more/report.json'), 'utf8'))).toMatchObject({
        name: 'demo',
        capacity: 5,
      })
      expect(await readResults('demo', folder)).toEqual(measured)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})

describe('everything on', () => {
  const figures = (...on: readonly number[]) => ({
    cases: [
      {
        pipeline: 'burn',
        rate: 20_000,
        share: null,
        seconds: 20,
        pairs: on.map((onUsPerEvent) => ({ onUsPerEvent, offUsPerEvent: 10 })),
      },
    ],
  })

  test('may add three in a hundred, by the median of the pairs', () => {
    expect(judgeEverythingOn(figures(10.1, 10.2, 14))[0]?.holds).toBe(true)
    expect(judgeEverythingOn(figures(10.1, 10.4, 14))[0]?.holds).toBe(false)
    expect(judgeEverythingOn(figures())[0]?.holds).toBe(false)
  })

  test('is a table with each pair', () => {
    expect(renderEverythingOn(figures(10.2)).markdown).toContain('| 1 | 10.00 | 10.20 | 2.00 % |')
  })
})
