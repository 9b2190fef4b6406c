import { digestOf } from '../../cloud/packing'
import { readLine } from '../../core/pipeline/event'
import type { Pipeline } from '../../core/pipeline/pipeline'
import { paneStart, windowEndsOfPane } from '../../core/pipeline/window'
import { EdgeState } from '../../core/protocol/edge-state'
import { digestInput } from '../../core/protocol/envelope'
import { foldEnvelope } from '../../core/protocol/fold'
import { addEvent, eventHasher } from '../../core/protocol/hash-sum'
import { mergeWindow, type WindowResult } from '../../core/protocol/merge'
import { type Tally, zeroTally } from '../../core/protocol/partial'
import { oracleWindows } from '../../scripts/verify/oracle'
import type { OraclePipeline } from '../../scripts/verify/pipeline'

const INCARNATION = 'incarnation-1'

/** An event, or its line where JSON.stringify could not write it. */
export type SentEvent = object | string
const lineOf = (event: SentEvent) => (typeof event === 'string' ? event : JSON.stringify(event))

/** What the product makes of the events: admission, fold and merge, all in one envelope at the edge. */
export async function results(pipeline: Pipeline, events: readonly SentEvent[]): Promise<WindowResult[]> {
  const admitted = events.flatMap((event) => {
    const read = readLine(pipeline, 1, lineOf(event), Number.MAX_SAFE_INTEGER)
    return 'line' in read ? [read] : []
  })
  const lines = admitted.map(({ line }) => line)
  const header = {
    ...{ pipeline: pipeline.name, version: 'v1', incarnation: INCARNATION, number: 0, firstOffset: 0 },
    ...{ count: lines.length, horizonMs: Number.NEGATIVE_INFINITY },
  }
  const state = new EdgeState(pipeline)
  const digest = digestOf(digestInput(header, lines))
  state.absorb(header.horizonMs, await foldEnvelope(pipeline, { ...header, digest, lines }))
  const accepted = acceptedByWindow(pipeline, admitted)
  return [...accepted].map(([endMs, tally]) => {
    const window = { startMs: endMs - pipeline.window.sizeMs, endMs }
    const result = mergeWindow(pipeline, window, tally, [state.window(endMs)], [])
    if ('rows' in result) return result
    throw new Error(`window ${endMs} does not balance: ${JSON.stringify(result)}`)
  })
}

function acceptedByWindow(pipeline: Pipeline, admitted: readonly { readonly timestampMs: number }[]) {
  const tallies = new Map<number, Tally>()
  const hasher = eventHasher(INCARNATION)
  for (const [offset, { timestampMs }] of admitted.entries()) {
    for (const endMs of windowEndsOfPane(pipeline.window, paneStart(pipeline.window, timestampMs))) {
      const tally = tallies.get(endMs) ?? zeroTally()
      tallies.set(endMs, tally)
      tally.count += 1
      addEvent(tally.sum, hasher, offset)
    }
  }
  return new Map([...tallies].sort(([a], [b]) => a - b))
}

/** What the two computations must agree in. */
export async function bothWays(pipeline: Pipeline, oracle: OraclePipeline, events: readonly SentEvent[]) {
  const product = (await results(pipeline, events)).map(({ startMs, endMs, accepted, deadLettered, rows }) => ({
    ...{ start: startMs, end: endMs, accepted: accepted[0], deadLettered, rows },
  }))
  const lines = events.map(lineOf)
  return { product, oracle: oracleWindows([{ horizon: null, lines }], oracle) }
}
