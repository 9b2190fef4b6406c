import type { TrialReport } from '../../../lab/bench/stage'
import type { Series } from '../../../scripts/plots/series'

/** A report of a run in which all went well. */
export function trialReport(changes: Partial<TrialReport> = {}): TrialReport {
  return {
    pipeline: 'bids',
    ...{ accepted: 10_000, edge: 6_000, burst: 4_000, late: 0, rejected: 0, deadLettered: 0 },
    ...{ windows: 5, windowsWithBurst: 3, missing: 0, extra: 0, mismatched: 0 },
    ackMs: { p50: 1, p99: 5, max: 20 },
    processingDelayMs: { p50: 10, p99: 1_000, max: 2_000 },
    windowLatencyMs: { p50: 10, p99: 100, max: 200 },
    reactionMs: 150,
    envelopes: 100,
    burstParts: [],
    cloud: {
      ...{ kinesisRecords: 40, kinesisBytes: 1_000, lambdaInvocations: 10, lambdaGbSeconds: 1, lambdaInitGbSeconds: 0 },
      ...{ writeUnits: 50, readUnits: 50, usd: 0.001, idleUsdPerHour: 0.03 },
    },
    load: { events: 10_000, seconds: 10, profile: { kind: 'constant', rate: 1_000 } },
    way: { transport: 'kinesis', lanes: 8, laneRate: 2_000 },
    ...{
      capacity: 2_000,
      aboveCapacity: 4_000,
      leastOverflow: 3_600,
      precision: 0.9,
      overTarget: 0.01,
      secondsOverTarget: 1,
    },
    ...{ modeChanges: 2, modeChangesAtMs: [0, 20_000], flaps: 0, latencyTargetMs: 1_000, usdPerHour: 0.4 },
    ...{ burstBeforeSpike: 0, burstAfterReleaseMs: 300 },
    lanes: { shards: 2, parallelization: 4, consumer: 'fan-out', have: 8, needed: 5, bottleneck: false },
    balanced: true,
    ...changes,
  }
}

/** A p99 processing delay alone. */
export const p99Of = (p99: number): Pick<TrialReport, 'processingDelayMs'> => ({
  processingDelayMs: { p50: 1, p99, max: p99 },
})

export const aSeries: Series = {
  seconds: [0, 1, 2],
  inRate: [1_000, 8_000, 1_000],
  edgeRate: [1_000, 2_000, 2_000],
  burstRate: [0, 6_000, 0],
  backlogEvents: [0, 800, 100],
  queueDelayMs: [0, 400, 50],
  bursting: [0, 1, 0],
}
