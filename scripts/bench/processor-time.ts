import type { EdgeProcess } from '../start/edge-process'

/** The program to start instead of the edge node, so that `readWork` gets an answer. */
export const PROBED_EDGE = 'scripts/bench/probed-edge.ts'

/** Cumulative: processor time of the whole process in microseconds, and events accepted. */
export interface Work {
  readonly cpuUs: number
  readonly accepted: number
}

export async function readWork({ child, client }: EdgeProcess): Promise<Work> {
  const { events } = await client.status()
  const { user, system } = await child.ask<NodeJS.CpuUsage>('cpu')
  return { cpuUs: user + system, accepted: events.accepted }
}

/** Microseconds of processor time for each event accepted between two readings. */
export function cpuUsPerEvent(before: Work, after: Work): number {
  const events = after.accepted - before.accepted
  return events > 0 ? (after.cpuUs - before.cpuUs) / events : Number.NaN
}
