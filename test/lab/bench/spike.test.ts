import { describe, expect, test } from '@jest/globals'
import { estimateMs, lanesFor, mostChangesIn10s, plannedRuns } from '../../../lab/bench/spike/spike'
import { renderSpike, spikeFigure } from '../../../lab/bench/spike/spike-report'
import {
  judgeSpike,
  p99Ratios,
  type SpikeFigures,
  type SpikeRun,
  type Way,
} from '../../../lab/bench/spike/spike-verdict'
import { aSeries, p99Of, trialReport } from './bench-fixtures'

const SPIKE = { factor: 4, seconds: 20 }

function spikeRun(way: Way, pair: number, p99: number, changes: Parameters<typeof trialReport>[0] = {}): SpikeRun {
  return { spike: SPIKE, pair, way, report: trialReport({ ...p99Of(p99), ...changes }), series: aSeries }
}

function spikeFigures(runs: readonly SpikeRun[], changes: Partial<SpikeFigures> = {}): SpikeFigures {
  return {
    ...{ capacity: 2_000, baseShare: 0.5, latencyTargetMs: 1_000, maxInvokes: 16, runs },
    lanes: { shards: 2, parallelization: 8 },
    hover: { report: trialReport(), series: aSeries, mostChangesIn10s: 1 },
    ...changes,
  }
}

const GOOD = [
  spikeRun('off', 1, 60_000),
  spikeRun('kinesis', 1, 1_200),
  spikeRun('invoke', 1, 400),
  spikeRun('off', 2, 50_000),
  spikeRun('invoke', 2, 600),
  spikeRun('kinesis', 2, 1_100),
]

const broken = (figures: SpikeFigures) => judgeSpike(figures).filter(({ holds }) => !holds)

describe('the runs of the spike', () => {
  test('begin each pair with back-pressure and change the order of the transports from pair to pair', () => {
    const ways = plannedRuns([SPIKE], 2).map(({ pair, way }) => `${pair} ${way}`)
    expect(ways).toEqual(['1 off', '1 kinesis', '1 invoke', '2 off', '2 invoke', '2 kinesis'])
  })

  test('take as long without bursting as the edge needs for the excess', () => {
    const drainMs = estimateMs({ spike: SPIKE, way: 'off' }) - estimateMs({ spike: SPIKE, way: 'kinesis' })
    expect(drainMs).toBe((3 * 20 - 0.5 * 10) * 1000)
  })

  test('have lanes for one and a half times the excess', () => {
    expect(lanesFor(10)).toBeGreaterThanOrEqual(1.5 * 9)
    expect(lanesFor(4)).toBeGreaterThanOrEqual(1.5 * 3)
  })
})

describe('changes of mode', () => {
  test('are counted within any 10 s, wherever these begin', () => {
    expect(mostChangesIn10s([0, 9_000, 12_000, 18_500, 40_000])).toBe(3)
  })

  test('ten seconds apart do not count together', () => {
    expect(mostChangesIn10s([0, 10_000, 20_000])).toBe(1)
    expect(mostChangesIn10s([])).toBe(0)
  })
})

describe('the judgement of a spike', () => {
  test('takes the ratio of each pair, whatever the order of its runs', () => {
    expect(p99Ratios(spikeFigures(GOOD), 4, 'kinesis')).toEqual([1_200 / 60_000, 1_100 / 50_000])
    expect(p99Ratios(spikeFigures(GOOD), 4, 'invoke')).toEqual([400 / 60_000, 600 / 50_000])
  })

  test('passes where everything holds', () => {
    expect(broken(spikeFigures(GOOD))).toEqual([])
  })

  test('fails over 5 % by Kinesis', () => {
    const slow = [spikeRun('off', 1, 60_000), spikeRun('kinesis', 1, 3_100), spikeRun('invoke', 1, 400)]
    expect(broken(spikeFigures(slow)).map(({ what }) => what)).toEqual([
      '4 x, burst over Kinesis: p99 over that of back-pressure (median of the pairs)',
    ])
  })

  test('fails over 1 % by invocation', () => {
    const slow = [spikeRun('off', 1, 60_000), spikeRun('kinesis', 1, 1_000), spikeRun('invoke', 1, 700)]
    expect(broken(spikeFigures(slow))).toHaveLength(1)
  })

  test('takes the worst reaction, and a run that never reacted for a failure', () => {
    const late = GOOD.map((run) =>
      run.pair === 2 && run.way === 'kinesis' ? spikeRun('kinesis', 2, 1_100, { reactionMs: 251 }) : run,
    )
    expect(broken(spikeFigures(late))).toHaveLength(1)
    const never = GOOD.map((run) =>
      run.pair === 2 && run.way === 'kinesis' ? spikeRun('kinesis', 2, 1_100, { reactionMs: null }) : run,
    )
    expect(broken(spikeFigures(never))).toMatchObject([{ measured: null }])
  })

  test('fails for one mismatched window anywhere', () => {
    const wrong = [...GOOD.slice(1), spikeRun('off', 1, 60_000, { mismatched: 1 })]
    expect(broken(spikeFigures(wrong))).toMatchObject([{ measured: 1, limit: 0 }])
  })

  test('fails for flapping', () => {
    const flapping = { hover: { report: trialReport(), series: aSeries, mostChangesIn10s: 2 } }
    expect(broken(spikeFigures(GOOD, flapping))).toHaveLength(1)
  })
})

describe('the report of a spike', () => {
  test('has a row for each run and a plot for each spike and for the hovering', () => {
    const { markdown, plots } = renderSpike(spikeFigures(GOOD))
    expect(markdown.split('\n').filter((line) => /^\| (back-pressure|burst)/.test(line))).toHaveLength(6)
    expect(plots.map(({ name }) => name)).toEqual(['4x', 'hover'])
  })

  test('draws the ways of the first pair on the same axes', () => {
    const { panels, columns } = spikeFigure(spikeFigures(GOOD), SPIKE)
    expect(columns).toBe(3)
    expect(panels).toHaveLength(9)
    for (const row of [0, 1, 2]) {
      const tops = panels.slice(row * 3, row * 3 + 3).map(({ yMax }) => yMax)
      expect(new Set(tops).size).toBe(1)
    }
  })
})
