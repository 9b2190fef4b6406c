import type { Sample } from './samples'

/** Share of the events that may be over the latency target, in a run as in any second of it. */
export const TOLERATED_SHARE = 0.01

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
