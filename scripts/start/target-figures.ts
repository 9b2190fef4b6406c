import { TOLERATED_SHARE } from '../../core/target-watch'
import type { Sample } from './samples'

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
