import { cpus, release, totalmem } from 'node:os'
import { version } from '../../package.json'
import type { EdgeProcess } from '../../scripts/processes/edge-process'

/** The program to start instead of the edge node, so that `readWork` gets an answer. */
export const PROBED_EDGE = 'lab/bench/probed-edge.ts'

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

/** The middle of some values; null of none. */
export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** `part / whole`; null where there is no whole. */
export const ratio = (part: number, whole: number): number | null => (whole > 0 ? part / whole : null)

/** The values that are not null. */
export const known = (values: readonly (number | null)[]): number[] => values.filter((value) => value !== null)

/** The largest of some values; null of none. */
export const largest = (values: readonly number[]): number | null => (values.length === 0 ? null : Math.max(...values))

export const smallest = (values: readonly number[]): number | null => (values.length === 0 ? null : Math.min(...values))

/** Where and with what something was measured; times without it mean nothing. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly system: string
  readonly node: string
  readonly spillway: string
}

export function thisMachine(): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round((totalmem() / 2 ** 30) * 10) / 10,
    system: `${process.platform} ${process.arch} ${release()}`,
    node: process.version,
    spillway: version,
  }
}

/** The machine in a sentence. */
export function machineText({ cpu, cores, memoryGiB, system, node, spillway }: Machine): string {
  return `Machine: ${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}; Node ${node}; Spillway ${spillway}. Other work may have run beside it: compare figures within one run, not between machines.`
}
