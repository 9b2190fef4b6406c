import { createHash } from 'node:crypto'
import { digestOf } from '../../cloud/packing'
import { count } from '../../core/aggregates/count'
import type { LaneKey } from '../../core/control/lane-keys'
import { type Pipeline, type PipelineOptions, pipeline } from '../../core/pipeline/pipeline'
import { tumbling } from '../../core/pipeline/window'
import { digestInput, type Envelope } from '../../core/protocol/envelope'
import type { FinalRecord } from '../../core/protocol/log-record'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

/** A final of a window of 10 s. */
export function finalOf(number: number, more: Partial<FinalRecord> = {}): FinalRecord {
  return {
    type: 'final',
    number,
    startMs: number * 10_000,
    endMs: (number + 1) * 10_000,
    version: 'v1',
    accepted: [6, sha256(`accepted ${number}`).slice(0, 16)],
    edge: 3,
    burst: 2,
    deadLettered: 1,
    rows: 4,
    digest: sha256(`rows ${number}`),
    atMs: number * 10_000 + 12_000,
    bytes: 100,
    ...more,
  }
}

export const finalsOf = (from: number, to: number): FinalRecord[] =>
  Array.from({ length: to - from }, (_, index) => finalOf(from + index))

type Options = PipelineOptions<{ k: string; t?: unknown }, { k: string; t?: unknown }, { n: ReturnType<typeof count> }>

/** The least that a pipeline can be: events `{k, t}`, counted by `k` in windows of 10 ms. */
export const countByK = (options: Partial<Options> = {}): Pipeline =>
  pipeline({
    name: 'test',
    key: 'k',
    timestamp: { field: 't', unit: 'ms' },
    window: tumbling(10),
    aggregates: { n: count() },
    ...options,
  }) as Pipeline

export const ORIGIN = { pipeline: 'test', version: 'v1', incarnation: 'test-incarnation' }

/** An envelope of these lines. */
export function envelopeOf(number: number, lines: readonly string[], firstOffset = 0): Envelope {
  const header = { ...ORIGIN, number, firstOffset, count: lines.length, horizonMs: Number.NEGATIVE_INFINITY }
  return { ...header, digest: digestOf(digestInput(header, lines)), lines }
}

/** A place in the stream that tells one envelope from another. */
export const keyOf = (number: number): LaneKey => ({
  partitionKey: `lane-${number}`,
  explicitHashKey: String(number),
  shard: 0,
})
