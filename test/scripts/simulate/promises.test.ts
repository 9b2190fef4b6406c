import { describe, expect, test } from '@jest/globals'
import type { Figures } from '../../../scripts/simulate/figures'
import { JUDGED, promisesOf } from '../../../scripts/simulate/promises'
import type { SimulationReport } from '../../../scripts/simulate/run'

type Some = Partial<Omit<Figures, 'processingDelayMs'>> & { readonly p99?: number }

/** Figures that hold everything, but for these. */
const figures = (name: Figures['name'], { p99 = 500, ...some }: Some = {}) =>
  ({
    name,
    ...{
      overTarget: 0,
      accepted: 1_000,
      burst: 10,
      overshoot: 1,
      precision: 0.9,
      usdPerHour: 1,
      burstAgainstStatic: 0.1,
    },
    ...some,
    processingDelayMs: { p50: 1, p99, max: 9_000 },
  }) as Figures

function broken(peak: number, ours: Some, sponge: Some): string[] {
  const of: Partial<Record<Figures['name'], Some>> = { spillway: ours, sponge }
  return brokenOf(
    peak,
    JUDGED.map((name) => figures(name, of[name])),
  )
}

function brokenOf(peak: number, policies: readonly Figures[]): string[] {
  const report = { trace: 'a.csv', base: 2_000, latencyTargetMs: 1_000, meanRate: 1, peakRate: peak, policies }
  return promisesOf(report as unknown as SimulationReport)
    .filter(({ holds }) => !holds)
    .map(({ what }) => what.replace('a.csv, base 2,000: ', ''))
}

describe('what Spillway promises', () => {
  test.each<[string, number, Some, Some, string[]]>([
    ['holds', 30, {}, {}, []],
    [
      'is a p99 within the target',
      30,
      { p99: 1_001 },
      {},
      ["p99, against sponge's", "p99, against flink-autoscaler's"],
    ],
    ['is none below that of a rival that keeps the target with more machines', 30, { p99: 999 }, { p99: 20 }, []],
    [
      'is a p99 below that of a rival that misses it',
      30,
      { p99: 2_000 },
      { p99: 2_000, overTarget: 0.5 },
      ["p99, against sponge's", "p99, against flink-autoscaler's"],
    ],
    [
      'is no more events over the target',
      5,
      { overTarget: 0.008 },
      { overTarget: 0.009 },
      ["events over the target, against flink-autoscaler's", "events over the target, against cpu-threshold's"],
    ],
    [
      'is to be better where the rival misses the target',
      5,
      {},
      { p99: 1_001 },
      ["events over the target, against sponge's"],
    ],
    ["is at most 1.1 times the oracle's cost", 5, { usdPerHour: 1.11 }, {}, ["cost over the oracle's"]],
    ['is precision where the peak is high', 30, { precision: 0.84 }, {}, ['precision']],
    [
      'is that what bursts costs a fifth of static provisioning there',
      30,
      { burstAgainstStatic: 0.21 },
      {},
      ['cost of what bursts over static provisioning for the peak'],
    ],
    ['is neither where it is not', 5, { precision: 0.1, burstAgainstStatic: 1 }, {}, []],
    [
      'is nearly no needless burst on a calm trace',
      2,
      { burst: 200, overshoot: 21 },
      {},
      ['share that bursts of a calm trace needlessly'],
    ],
    ['is nothing about what a base below a calm trace has to burst', 2, { burst: 200, overshoot: 19 }, {}, []],
  ])('%s', (_, peak, ours, sponge, expected) => {
    expect(broken(peak, ours, sponge)).toEqual(expected)
  })

  test.each<[string, number, number, string[]]>([
    ['a hundredth of the events may be late', 0.01, 0, []],
    ['more may not', 0.011, 0, ['events over the target']],
    ['also where the cloud makes them late for an oracle, too', 0.011, 0.045, ['events over the target']],
  ])('is the latency target: %s', (_, over, oracle, expected) => {
    const late = { overTarget: 0.5, p99: 9_000 }
    const rivals = JUDGED.map((name) => figures(name, late))
    const policies = [
      ...rivals.filter(({ name }) => name !== 'spillway' && name !== 'oracle'),
      figures('spillway', { overTarget: over }),
      figures('oracle', { overTarget: oracle }),
    ]
    expect(brokenOf(5, policies)).toEqual(expected)
  })
})
