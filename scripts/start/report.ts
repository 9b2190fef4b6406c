import type { Consumer } from '../../core/control/cost'
import type { Status } from '../../edge-node/http/status'
import type { LoadReport } from '../load/report'
import type { Profile } from '../load/schedule/profile'
import type { VerifyReport } from '../verify/report'
import { burstAfterReleaseMs, burstBeforeSpike, flapsOf, precisionOf, reactionMs, usdPerHour } from './burst-figures'
import { type Sample, secondsOverTarget } from './samples'

interface Percentiles {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** The report of a run. Counts are events unless their name says otherwise; times are ms. */
export interface Report {
  readonly pipeline: string
  readonly accepted: number
  readonly edge: number
  readonly burst: number
  readonly late: number
  readonly rejected: number
  readonly deadLettered: number
  readonly windows: number
  readonly windowsWithBurst: number
  readonly missing: number
  readonly extra: number
  readonly mismatched: number
  /** From the intended send to the 202. */
  readonly ackMs: Percentiles
  /**
   * From the scheduled send, refusals and retries included, until folded at the edge or until the edge sees the
   * partial's head.
   */
  readonly processingDelayMs: Percentiles
  /** From closable by the watermark until the final result is readable. */
  readonly windowLatencyMs: Percentiles
  /**
   * From the scheduled start of the step until Kinesis took the first overflow envelope; null without a step or without
   * a burst.
   */
  readonly reactionMs: number | null
  readonly envelopes: number
  /** Where the time of the envelopes that burst went, from the arrival of their first event on; all 0 without any. */
  readonly burstParts: Status['burst']['parts']
  readonly cloud: {
    readonly kinesisRecords: number
    readonly kinesisBytes: number
    readonly lambdaInvocations: number
    readonly lambdaGbSeconds: number
    /** Of starting function instances. */
    readonly lambdaInitGbSeconds: number
    readonly writeUnits: number
    readonly readUnits: number
    readonly usd: number
    /** What the provisioned stream bills each hour, bursting or not. */
    readonly idleUsdPerHour: number
  }
  /** What was sent once the capacity was known, which takes events of its own: how many, how long, and at what rates. */
  readonly load: { readonly events: number; readonly seconds: number; readonly profile: Profile }
  /** How envelopes went, how many could side by side, and what one lane folded in events per second; 0 without any. */
  readonly way: { readonly transport: 'kinesis' | 'invoke'; readonly lanes: number; readonly laneRate: number }
  /** Base capacity in events per second, measured before the load. */
  readonly capacity: number
  /** Events that arrived above the base capacity, second by second. */
  readonly aboveCapacity: number
  /**
   * The least of the events that any policy would have had to burst to stay within the latency target, and that over
   * what was burst; null when nothing was.
   */
  readonly leastOverflow: number
  readonly precision: number | null
  /** Share of the events that took longer than the latency target, 0 to 1; null when the edge node does not say. */
  readonly overTarget: number | null
  /** For how many seconds more than one event in a hundred was done later than the target. */
  readonly secondsOverTarget: number
  /**
   * How often and when bursting began or ended since the load did (epoch ms, the latest 200), and how many of these
   * changes came within 10 s of the one before.
   */
  readonly modeChanges: number
  readonly modeChangesAtMs: readonly number[]
  readonly flaps: number
  readonly latencyTargetMs: number
  /** What the burst of this run would cost if it went on like this for an hour, with the stream where it is used. */
  readonly usdPerHour: number
  /** Envelopes of bursts that began before the scheduled spike; null without one. */
  readonly burstBeforeSpike: number | null
  /**
   * From the queue delay being back under its limit after the spike until the last envelope was sent; null without a
   * spike. 0: it had stopped before.
   */
  readonly burstAfterReleaseMs: number | null
  readonly lanes: {
    readonly shards: number
    readonly parallelization: number
    readonly consumer: Consumer
    readonly have: number
    readonly needed: number
    readonly bottleneck: boolean
  }
  /** accepted = edge + burst + deadLettered, and every window is exactly what an independent computation gives. */
  readonly balanced: boolean
  readonly series: readonly Sample[]
}

/** What a run left behind. `leastOverflow` in events. */
export interface Evidence {
  readonly capacity: number
  readonly leastOverflow: number
  readonly load: LoadReport
  readonly status: Status
  readonly check: VerifyReport
  readonly series: readonly Sample[]
}

const LANE_MARGIN = 1.5 // lanes for this much more than the excess: they are filled by chance, not evenly

export function buildReport(evidence: Evidence): Report {
  const { capacity, load, status, check, series } = evidence
  const { events } = status
  const { accepted, edge, burst, late, rejected, deadLettered } = events
  const {
    idleUsdPerHour,
    kinesisRecords,
    kinesisBytes,
    lambdaInvocations,
    lambdaGbSeconds,
    lambdaInitGbSeconds,
    writeUnits,
    readUnits,
    usd,
  } = status.cloud
  const { missing, extra, mismatched } = check
  const changes = modeChangesAtMs(load, status)
  return {
    pipeline: status.pipeline,
    ...{ accepted, edge, burst, late, rejected, deadLettered },
    windows: check.windows,
    windowsWithBurst: status.windows.withBurst,
    ...{ missing, extra, mismatched },
    ackMs: { p50: load.latencyMs.p50, p99: load.latencyMs.p99, max: load.latencyMs.max },
    processingDelayMs: status.processingDelayMs,
    windowLatencyMs: status.windowLatencyMs,
    reactionMs: reactionMs(load, status),
    envelopes: status.envelopes,
    burstParts: status.burst.parts,
    cloud: {
      kinesisRecords,
      kinesisBytes,
      lambdaInvocations,
      lambdaGbSeconds,
      lambdaInitGbSeconds,
      writeUnits,
      readUnits,
      usd,
      idleUsdPerHour,
    },
    load: { events: load.sent, seconds: load.seconds, profile: load.profile },
    way: {
      transport: status.controller.transport,
      lanes: status.controller.facts.lanes,
      laneRate: status.burst.laneRate,
    },
    capacity: Math.round(capacity),
    aboveCapacity: aboveCapacity(load, capacity),
    leastOverflow: Math.round(evidence.leastOverflow),
    precision: precisionOf(evidence.leastOverflow, burst),
    overTarget: overTargetOf(status),
    secondsOverTarget: secondsOverTarget(series, load.scheduleStartMs),
    modeChanges: changes.length,
    modeChangesAtMs: changes,
    flaps: flapsOf(changes),
    latencyTargetMs: status.controller.terms.latencyTargetMs,
    usdPerHour: usdPerHour(load, status.cloud),
    burstBeforeSpike: burstBeforeSpike(load, status),
    burstAfterReleaseMs: burstAfterReleaseMs(load, series, status, status.controller.terms.maxQueueDelayMs),
    lanes: lanes(load, status, capacity),
    balanced: check.exact && accepted === edge + burst + deadLettered && check.events === accepted,
    series,
  }
}

const aboveCapacity = ({ ratePerSecond }: LoadReport, capacity: number) =>
  Math.round(ratePerSecond.reduce((sum, { scheduled }) => sum + Math.max(0, scheduled - capacity), 0))

/** In modes other than auto nobody asks the policy. */
function modeChangesAtMs({ scheduleStartMs }: LoadReport, { mode, controller }: Status): number[] {
  const decisions = mode === 'auto' ? controller.decisions : []
  return decisions.map(({ atMs }) => atMs).filter((atMs) => atMs >= scheduleStartMs)
}

function overTargetOf({ processingDelayMs }: Status): number | null {
  return 'overTarget' in processingDelayMs && typeof processingDelayMs.overTarget === 'number'
    ? processingDelayMs.overTarget
    : null
}

function lanes({ ratePerSecond }: LoadReport, { burst, cloud }: Status, capacity: number): Report['lanes'] {
  const { shards, parallelization, consumer } = burst.lanes
  const have = shards * parallelization
  const peak = Math.max(0, ...ratePerSecond.map(({ scheduled }) => scheduled))
  const excess = Math.max(0, peak - capacity)
  const needed = burst.laneRate > 0 ? (LANE_MARGIN * excess) / burst.laneRate : 0
  return {
    shards,
    parallelization,
    consumer,
    have,
    needed: Math.round(needed * 10) / 10,
    bottleneck: cloud.kinesisRecords > 0 && needed > have,
  }
}
