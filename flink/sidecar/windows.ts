import type { Pipeline } from '../../core/pipeline/pipeline'
import { WindowMerge } from '../../core/protocol/merge'
import {
  decodePartial,
  type EncodedPartial,
  emptyPartial,
  encodePartial,
  mergePartial,
  type Partial,
} from '../../core/protocol/partial'
import type { Present } from './messages'

/** A partial as the job keeps it: bytes that mean nothing to it. */
export const packPartial = (pipeline: Pipeline, partial: Partial): Buffer =>
  Buffer.from(JSON.stringify(encodePartial(pipeline, partial)))

/** Throws when the bytes were not made by `packPartial` of this pipeline. */
export const unpackPartial = (pipeline: Pipeline, bytes: Uint8Array): Partial =>
  decodePartial(pipeline, JSON.parse(Buffer.from(bytes).toString('utf8')) as EncodedPartial)

/** What an envelope comes to in one pane: counts, and the partial as the job keeps it. */
export interface PackedPane {
  readonly startMs: number
  readonly folded: number
  readonly dead: number
  readonly partial: Uint8Array
}

export const packPanes = (pipeline: Pipeline, panes: ReadonlyMap<number, Partial>): PackedPane[] =>
  [...panes].map(([startMs, pane]) => ({
    startMs,
    folded: pane.folded.count,
    dead: pane.dead.count,
    partial: packPartial(pipeline, pane),
  }))

/** Makes one partial of many, so that the state of a window does not grow with its envelopes. */
export function mergePartials(pipeline: Pipeline, partials: readonly Uint8Array[]): Buffer {
  const whole = emptyPartial(pipeline)
  for (const bytes of partials) mergePartial(whole, unpackPartial(pipeline, bytes))
  return packPartial(pipeline, whole)
}

/** The final window as JSON, or why it is none: what was folded is not what was accepted. */
export type Presented =
  | { readonly kind: 'final'; readonly json: string }
  | { readonly kind: 'unbalanced'; readonly reason: string }

/** Joins the partials of a window, checks the balance and writes the result in the form of the HTTP API. */
export function presentWindow(
  pipeline: Pipeline,
  version: string,
  { startMs, endMs, accepted, edge, burst, dead, partials }: Present,
): Presented {
  const merge = new WindowMerge(pipeline)
  for (const bytes of partials) merge.add('edge', unpackPartial(pipeline, bytes))
  const result = merge.result({ startMs, endMs }, accepted)
  if ('expected' in result) {
    const reason = `accepted ${result.expected.join(' ')}, folded and dead ${result.found.join(' ')}`
    return { kind: 'unbalanced', reason }
  }
  const folded = accepted.count - result.deadLettered
  if (dead !== result.deadLettered) return { kind: 'unbalanced', reason: `${dead} dead, ${result.deadLettered} found` }
  if (edge + burst !== folded) return { kind: 'unbalanced', reason: `${edge} + ${burst} by lane, ${folded} folded` }
  const { deadLettered, rows } = result
  const window = { start: startMs, end: endMs, version, accepted: accepted.count, edge, burst, deadLettered, rows }
  return { kind: 'final', json: JSON.stringify({ pipeline: pipeline.name, ...window }) }
}
