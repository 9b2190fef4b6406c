import { cpus, release, totalmem } from 'node:os'
import { version } from '../../package.json'

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
