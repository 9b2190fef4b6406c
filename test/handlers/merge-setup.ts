import { MemoryItemStore } from '../../cloud/memory-item-store'
import { PartialStore } from '../../cloud/partial-store'
import { ResultStore } from '../../cloud/result-store'
import type { Pipeline } from '../../core/pipeline/pipeline'
import { sliding } from '../../core/pipeline/window'
import { EdgeState } from '../../core/protocol/edge-state'
import type { Envelope } from '../../core/protocol/envelope'
import { foldEnvelope } from '../../core/protocol/fold'
import { addEvent, eventHasher } from '../../core/protocol/hash-sum'
import { mergeWindow } from '../../core/protocol/merge'
import { decodeTally, type EncodedTally, encodeTally, zeroTally } from '../../core/protocol/partial'
import type { Manifest, PartialRef } from '../../core/protocol/protocol'
import { createMergeHandler, type MergeDependencies } from '../../handlers/merge'
import { RecordingItemStore } from '../cloud/recording-item-store'
import { envelopeOf, FROM, noise, type SampleEvent, samplePipeline } from '../cloud/sample-envelopes'

/** Each event is in two windows, and each window has two panes. */
export const spec = samplePipeline(sliding(20, 10))
export const WINDOW = { startMs: 10, endMs: 30 }

/** Envelopes with events in the window and around it, dead letters, and a sum that only exact arithmetic gets right. */
export const envelopes = [
  envelopeOf(1, [
    { k: 'a', t: 11, v: 1e15 },
    { k: 'b', t: 25, v: 1 },
    { k: 'a', t: 3, v: 7 },
  ]),
  envelopeOf(2, [
    { k: 'a', t: 12, v: 1 },
    { k: 'c', t: 13, v: -1 },
  ]),
  envelopeOf(3, [
    { k: 'a', t: 29, v: -0 },
    { k: 'b', t: 30, v: 5 },
    { k: 'a', t: 21, v: -1 },
  ]),
  // So large that its partial is in chunks.
  envelopeOf(
    4,
    Array.from({ length: 12 }, (_, key) => ({ k: `key ${key}`, t: 15, text: noise(60_000, key) })),
  ),
] as const

/** A merge function over tables in memory, with what the edge and the burst function do to them. */
export function mergeFunction(overrides: Partial<MergeDependencies> = {}) {
  const partialItems = new RecordingItemStore(new MemoryItemStore())
  const resultItems = new RecordingItemStore(new MemoryItemStore())
  const partials = new PartialStore(partialItems, () => 0)
  const results = new ResultStore(resultItems, () => 0)
  let attempts = 0
  let ms = 0
  const merge = createMergeHandler({
    partials,
    results,
    pipelines: new Map<string, Pipeline>([[spec.name, spec]]),
    versionOf: () => FROM.version,
    newAttempt: () => `merge ${attempts++}`,
    used: () => ({ ms: ms++, readUnits: partialItems.meter.readUnits, writeUnits: resultItems.meter.writeUnits }),
    memoryMb: 512,
    ...overrides,
  })
  return {
    merge,
    partials,
    partialItems,
    resultItems,
    /** Folds envelopes in the burst. */
    async burst(...envelopes: Envelope[]) {
      const work = () => ({ requestId: 'request', ms: 0, memoryMb: 0, writeUnits: 0 })
      for (const envelope of envelopes) {
        const partial = await foldEnvelope(spec, envelope)
        await partials.putEnvelope(spec, FROM, envelope, `burst ${envelope.number}`, partial, work)
      }
    },
    /** Folds envelopes at the edge and uploads its partial of the window. */
    async edge(attempt: string, ...envelopes: Envelope[]): Promise<PartialRef> {
      return partials.putPart(spec, FROM, WINDOW.endMs, attempt, (await edgeState(envelopes)).window(WINDOW.endMs))
    },
    async candidate() {
      const candidate = await results.candidate(FROM, WINDOW.endMs)
      return candidate && { ...candidate, rows: await results.rows(FROM, WINDOW.endMs, candidate) }
    },
  }
}

/** The manifest of the window with these envelopes counted in the burst, and `all` of them accepted. */
export function manifestOf(all: readonly Envelope[], burst: readonly Envelope[], edge: PartialRef | null): Manifest {
  const entries = burst.map(({ number, digest }) => [number, digest] as const)
  return { ...FROM, ...WINDOW, accepted: acceptedOf(all), acceptedDigest: 'digest of the set', edge, burst: entries }
}

/** The events of the envelopes that are in the window, told from their lines alone. */
export function acceptedOf(envelopes: readonly Envelope[]): EncodedTally {
  const tally = zeroTally()
  const hasher = eventHasher(FROM.incarnation)
  for (const { lines, firstOffset } of envelopes) {
    for (const [index, line] of lines.entries()) {
      const { t } = JSON.parse(line) as SampleEvent
      if (t < WINDOW.startMs || t >= WINDOW.endMs) continue
      tally.count += 1
      addEvent(tally.sum, hasher, firstOffset + index)
    }
  }
  return encodeTally(tally)
}

/** What the edge alone makes of the window. */
export async function allEdgeResult(envelopes: readonly Envelope[]) {
  const parts = [(await edgeState(envelopes)).window(WINDOW.endMs)]
  const result = mergeWindow(spec, WINDOW, decodeTally(acceptedOf(envelopes)), parts, [])
  if ('rows' in result) return result
  throw new Error(`unbalanced: ${JSON.stringify(result)}`)
}

async function edgeState(envelopes: readonly Envelope[]): Promise<EdgeState> {
  const state = new EdgeState(spec)
  for (const envelope of envelopes) state.absorb(envelope.horizonMs, await foldEnvelope(spec, envelope))
  return state
}
