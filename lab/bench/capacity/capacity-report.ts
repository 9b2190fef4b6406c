import { markdownTable, paragraphs, whole } from '../../../scripts/command-line/markdown'
import { type MustHold, mustHold } from '../../../scripts/command-line/must-hold'
import type { Rendering } from '../bench'
import { ratio } from '../statistics'

export type System = 'edge node' | 'naive'

/** One system under one load; times are of requests that were taken. */
export interface CapacityRun {
  readonly system: System
  readonly eventsPerRequest: number
  readonly keys: number
  readonly requests: number
  /** Requests that were answered with 429, and sent again. */
  readonly refused: number
  readonly events: number
  readonly seconds: number
  readonly cpuSeconds: number
  /** The most memory that the process has had, its start included. */
  readonly peakBytes: number
  readonly ackMs: { readonly p50: number; readonly p99: number; readonly max: number }
}

export interface CapacityFigures {
  readonly pipeline: string
  readonly seconds: number
  readonly runs: readonly CapacityRun[]
}

export const perCpuSecond = ({ events, cpuSeconds }: CapacityRun): number | null => ratio(events, cpuSeconds)

export function renderCapacity(figures: CapacityFigures): Rendering {
  return { markdown: markdownOf(figures), plots: [], mustHold: judgeCapacity(figures) }
}

function markdownOf({ pipeline, seconds, runs }: CapacityFigures): string {
  const header = [
    ...['events a request', 'keys', 'system', 'events per CPU-second', 'x naive', 'events/s', 'CPU share'],
    ...['ack p50 ms', 'p99', 'max', 'refused', 'peak MiB'],
  ]
  return paragraphs(
    '# Capacity',
    `One process, pipeline \`${pipeline}\` at the edge node without a cloud, ${seconds} s each after a warm-up. Requests of lines of 190 bytes were made beforehand and go out on 8 connections as fast as they are answered, without an Idempotency-Key, so that the process is always busy. Processor time is that of all threads of the process, user and system, as the operating system counts it. All that the edge node took was folded, and is checked to be.`,
    'The naive rival is node:http, JSON.parse and a map of maps: no log, no admission, sums rounded at each step.',
    markdownTable(
      header,
      runs.map((run) => rowOf(run, naiveOf(runs, run))),
    ),
  )
}

function rowOf(run: CapacityRun, naive: CapacityRun | undefined): string[] {
  const { eventsPerRequest, keys, system, events, seconds, cpuSeconds, ackMs, refused, peakBytes } = run
  return [
    ...[whole(eventsPerRequest), whole(keys), system, whole(perCpuSecond(run))],
    ...[timesNaive(run, naive)?.toFixed(2) ?? '-', whole(events / seconds), (cpuSeconds / seconds).toFixed(2)],
    ...[ackMs.p50.toFixed(1), ackMs.p99.toFixed(1), ackMs.max.toFixed(1), whole(refused), whole(peakBytes / 2 ** 20)],
  ]
}

const naiveOf = (runs: readonly CapacityRun[], like: CapacityRun) => find(runs, 'naive', like)

function find(runs: readonly CapacityRun[], system: System, like: Pick<CapacityRun, 'eventsPerRequest' | 'keys'>) {
  const { eventsPerRequest, keys } = like
  return runs.find((run) => run.system === system && run.eventsPerRequest === eventsPerRequest && run.keys === keys)
}

function timesNaive(run: CapacityRun | undefined, naive: CapacityRun | undefined): number | null {
  const [own, others] = [run && perCpuSecond(run), naive && perCpuSecond(naive)]
  return own == null || others == null ? null : ratio(own, others)
}

/** The promises, for an edge node under each load. */
export function judgeCapacity({ runs }: CapacityFigures): MustHold[] {
  const edge = (eventsPerRequest: number, keys: number) => find(runs, 'edge node', { eventsPerRequest, keys })
  const large = edge(1_000, 1_000)
  const small = edge(1, 1_000)
  const [fewKeys, manyKeys] = [edge(100, 1_000), edge(100, 100_000)]
  const rate = (run: CapacityRun | undefined) => (run === undefined ? null : perCpuSecond(run))
  const growth = fewKeys && manyKeys ? ratio(manyKeys.ackMs.p99, fewKeys.ackMs.p99) : null
  const unit = 'events per CPU-second'
  return [
    mustHold('1,000 events a request, 1,000 keys', rate(large), 'at least', 1_000_000, unit),
    mustHold('the same, over naive', timesNaive(large, large && naiveOf(runs, large)), 'at least', 4, 'x'),
    mustHold('100 a request, 1,000 keys', rate(fewKeys), 'at least', 600_000, unit),
    mustHold('1 a request', rate(small), 'at least', 10_000, unit),
    mustHold('100 a request, 100,000 keys', rate(manyKeys), 'at least', 400_000, unit),
    mustHold('its ack p99, over that with 1,000 keys', growth, 'at most', 3, 'x'),
    mustHold('its memory', manyKeys ? manyKeys.peakBytes / 2 ** 20 : null, 'at most', 300, 'MiB'),
  ]
}
