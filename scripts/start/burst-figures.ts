import type { Status } from '../../edge-node/http/status'
import type { LoadReport } from '../load/report'
import type { Sample } from './samples'

type BurstStatus = { readonly burst: Pick<Status['burst'], 'episodes'> }
type CloudCost = Pick<Status['cloud'], 'kinesisRecords' | 'usd' | 'idleUsdPerHour'>

const FLAP_MS = 10_000

/** From the scheduled start of the step until the cloud took the first envelope after it. */
export function reactionMs({ stepStartMs }: Pick<LoadReport, 'stepStartMs'>, { burst }: BurstStatus): number | null {
  if (stepStartMs === null) return null
  const first = burst.episodes.find(({ firstAcceptedAtMs }) => (firstAcceptedAtMs ?? 0) >= stepStartMs)
  return first?.firstAcceptedAtMs == null ? null : first.firstAcceptedAtMs - stepStartMs
}

/** Envelopes of bursts that began before the step. */
export function burstBeforeSpike(
  { stepStartMs }: Pick<LoadReport, 'stepStartMs'>,
  { burst }: BurstStatus,
): number | null {
  if (stepStartMs === null) return null
  const early = burst.episodes.filter(({ startedAtMs }) => startedAtMs < stepStartMs)
  return early.reduce((sum, { envelopes }) => sum + envelopes, 0)
}

/** From the queue delay staying under its limit after the spike until the last envelope was sent. */
export function burstAfterReleaseMs(
  { spikeEndMs }: Pick<LoadReport, 'spikeEndMs'>,
  series: readonly Pick<Sample, 'atMs' | 'queueDelayMs'>[],
  { burst }: BurstStatus,
  maxQueueDelayMs: number,
): number | null {
  if (spikeEndMs === null) return null
  const releasedMs = releasedAtMs(series, spikeEndMs, maxQueueDelayMs)
  const lastSentMs = Math.max(0, ...burst.episodes.map(({ lastSentAtMs }) => lastSentAtMs))
  return releasedMs === null ? null : Math.max(0, lastSentMs - releasedMs)
}

/** The first look after the spike from which on the queue delay stays under its limit; null when it never does. */
function releasedAtMs(
  series: readonly Pick<Sample, 'atMs' | 'queueDelayMs'>[],
  spikeEndMs: number,
  maxQueueDelayMs: number,
): number | null {
  const after = series.filter(({ atMs }) => atMs > spikeEndMs)
  const lastOver = after.findLastIndex(({ queueDelayMs }) => queueDelayMs > maxQueueDelayMs)
  return after[lastOver + 1]?.atMs ?? null
}

/** Of what was burst, the share that had to be, at most 1: who bursts too little misses the latency target instead. */
export function precisionOf(leastOverflow: number, burst: number): number | null {
  return burst === 0 ? null : Math.min(1, leastOverflow / burst)
}

/** How many of some changes of mode, in order, came within 10 s of the one before. */
export const flapsOf = (changesAtMs: readonly number[]): number =>
  changesAtMs.filter((atMs, index) => index > 0 && atMs - changesAtMs[index - 1]! < FLAP_MS).length

/** What the run used of the cloud, going on for an hour, and the stream where it was used. */
export function usdPerHour({ seconds }: Pick<LoadReport, 'seconds'>, cloud: CloudCost): number {
  const stream = cloud.kinesisRecords > 0 ? cloud.idleUsdPerHour : 0
  return (cloud.usd / seconds) * 3600 + stream
}
