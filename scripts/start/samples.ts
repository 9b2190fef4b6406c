import { TOLERATED_SHARE } from '../../core/control/target-watch'
import type { Status } from '../../edge-node/http/status'

/** One look at the running system; rates are per second since the look before. */
export interface Sample {
  readonly atMs: number
  readonly inRate: number
  readonly edgeRate: number
  readonly burstRate: number
  readonly backlogEvents: number
  readonly queueDelayMs: number
  /** Events that were done since the look before, and those of them that had taken longer than the target. */
  readonly doneEvents: number
  readonly overTargetEvents: number
  readonly openWindows: number
  readonly finalWindows: number
  readonly usd: number
  readonly bursting: boolean
  readonly reason: string
}

/** What lies between two readings of the status. */
export function sampleOf(before: Status, beforeMs: number, after: Status, afterMs: number): Sample {
  const seconds = Math.max(0.001, (afterMs - beforeMs) / 1000)
  const rate = (count: (status: Status) => number) => (count(after) - count(before)) / seconds
  return {
    atMs: afterMs,
    inRate: rate(({ events }) => events.accepted),
    edgeRate: rate(({ events }) => events.edge),
    burstRate: rate(({ events }) => events.burst),
    backlogEvents: after.edge.backlogEvents,
    queueDelayMs: after.edge.queueDelayMs,
    doneEvents: Math.max(0, after.processingDelayMs.events - before.processingDelayMs.events),
    overTargetEvents: Math.max(0, overTarget(after) - overTarget(before)),
    openWindows: after.windows.open + after.windows.closing + after.windows.finalizing,
    finalWindows: after.windows.final,
    usd: after.cloud.usd,
    bursting: after.burst.active,
    reason: after.burst.reason,
  }
}

const overTarget = ({ processingDelayMs: { events, overTarget: share } }: Status) => Math.round(events * share)

export const PROGRESS_HEADER = '  time     in/s   edge/s  burst/s  backlog   delay  windows open/final     cloud'

/**
 * The seconds that were over between two looks, by the end of each. After a look that came late there are several: one
 * sample stands for all of them.
 */
export function secondsOver(beforeMs: number, afterMs: number): readonly number[] {
  const first = Math.floor(beforeMs / 1000) + 1
  const last = Math.floor(afterMs / 1000)
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index)
}

/** The sample as the line of a second in the terminal, under `PROGRESS_HEADER`. */
export function progressLine(second: number, sample: Sample): string {
  const whole = (value: number, width: number) => Math.round(value).toLocaleString('en-US').padStart(width)
  const delay = `${whole(sample.queueDelayMs, 5)}ms`
  const windows = `${sample.openWindows} / ${sample.finalWindows}`.padStart(19)
  const rates = `${whole(sample.inRate, 9)}${whole(sample.edgeRate, 9)}${whole(sample.burstRate, 9)}`
  const mark = sample.bursting ? '  bursting' : ''
  return `${`${second}s`.padStart(6)}${rates}${whole(sample.backlogEvents, 9)} ${delay}${windows}  $${sample.usd.toFixed(5)}${mark}`
}

type Done = Pick<Sample, 'atMs' | 'doneEvents' | 'overTargetEvents'>

/**
 * For how many seconds more events than are tolerated were done later than the target; `startMs`: of the first look.
 */
export function secondsOverTarget(series: readonly Done[], startMs: number): number {
  let overMs = 0
  for (const [index, { atMs, doneEvents, overTargetEvents }] of series.entries()) {
    const sinceMs = series[index - 1]?.atMs ?? startMs
    if (overTargetEvents > TOLERATED_SHARE * doneEvents) overMs += atMs - sinceMs
  }
  return overMs / 1000
}
