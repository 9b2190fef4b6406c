import { pino } from 'pino'
import type { ItemKey } from '../../../cloud/item-store'
import { MemoryItemStore } from '../../../cloud/memory-item-store'
import { PartialStore } from '../../../cloud/partial-store'
import { ResultStore } from '../../../cloud/result-store'
import { count } from '../../../core/aggregates/count'
import { sum } from '../../../core/aggregates/sum'
import { pipeline } from '../../../core/pipeline/pipeline'
import { tumbling } from '../../../core/pipeline/window'
import { EdgeState } from '../../../core/protocol/edge-state'
import type { Envelope } from '../../../core/protocol/envelope'
import { foldEnvelope } from '../../../core/protocol/fold'
import { addTally, encodeTally, zeroTally } from '../../../core/protocol/partial'
import type { Account, Manifest, MergeAnswer } from '../../../core/protocol/protocol'
import { Merger } from '../../../edge-node/closing/merger'
import { createMergeHandler } from '../../../handlers/merge'
import { envelopeOf, ORIGIN } from '../../support/envelopes'
import { ManualClock } from '../../support/manual-clock'

export const spec = pipeline({
  name: 'test',
  key: 'k',
  timestamp: { field: 't', unit: 'ms' },
  window: tumbling(10),
  aggregates: { n: count(), total: sum('v') },
})

const work = () => ({ requestId: 'r', ms: 1, memoryMb: 128, writeUnits: 1 })

/**
 * A window ending at 10 all of whose envelopes are counted: the account, the edge's state, and the cloud with the rest.
 */
export async function completeWindow(counted: {
  readonly edge: readonly Envelope[]
  readonly burst: readonly Envelope[]
}) {
  const state = new EdgeState(spec)
  const items = new MemoryItemStore()
  const partials = new PartialStore(items, () => 0)
  const results = new ResultStore(items, () => 0)
  const accepted = zeroTally()
  for (const envelope of [...counted.edge, ...counted.burst]) {
    for (const { folded } of (await foldEnvelope(spec, envelope)).panes.values()) addTally(accepted, folded)
  }
  const putBurst = async (envelope: Envelope) => {
    await partials.putEnvelope(spec, ORIGIN, envelope, 'attempt-1', await foldEnvelope(spec, envelope), work)
  }
  for (const envelope of counted.edge) state.absorb(envelope.horizonMs, await foldEnvelope(spec, envelope))
  for (const envelope of counted.burst) await putBurst(envelope)
  const named = (envelopes: readonly Envelope[]) => envelopes.map(({ number, digest }) => [number, digest] as const)
  const account: Account = {
    endMs: 10,
    accepted: encodeTally(accepted),
    edge: named(counted.edge),
    burst: named(counted.burst),
  }
  const lose = (isLost: (key: ItemKey) => boolean) => {
    const lost = [...items.items].filter(([, item]) => isLost(item))
    if (lost.length === 0) throw new Error('there is nothing to lose')
    for (const [id] of lost) items.items.delete(id)
  }
  return { state, items, partials, results, account, putBurst, lose, ...mergeFunction(partials, results) }
}

/** The real merge function, and the manifests it was called with. */
function mergeFunction(partials: PartialStore, results: ResultStore) {
  const manifests: Manifest[] = []
  let attempts = 0
  const handler = createMergeHandler({
    partials,
    results,
    pipelines: new Map([[spec.name, spec]]),
    versionOf: () => ORIGIN.version,
    newAttempt: () => `merge-${attempts++}`,
    used: () => ({ ms: 0, readUnits: 0, writeUnits: 0 }),
    memoryMb: 512,
  })
  const invoke = async (payload: unknown): Promise<MergeAnswer> => {
    const manifest = JSON.parse(JSON.stringify(payload)) as Manifest
    manifests.push(manifest)
    return handler(manifest)
  }
  return { manifests, invoke }
}

const logger = pino({ level: 'silent' })
export const here = envelopeOf(0, ['{"k":"a","t":1,"v":0.1}', '{"k":"b","t":2,"v":0.2}'])
export const there = envelopeOf(1, ['{"k":"a","t":3,"v":0.2}', '{"k":"c","t":4,"v":1e16}'], 2)
export const ROWS = [
  { key: 'a', n: 2, total: 0.30000000000000004 },
  { key: 'b', n: 1, total: 0.2 },
  { key: 'c', n: 1, total: 1e16 },
]

export type Window = Awaited<ReturnType<typeof completeWindow>>

/** A merger over a window; `invoke` stands before the real merge function where it is given. */
export function mergerOf(
  window: Window,
  invoke: (payload: unknown) => Promise<unknown> = window.invoke,
  runEnvelopes = 1_000,
  runParts = 25,
) {
  const clock = new ManualClock()
  const works: unknown[] = []
  const { partials, results } = window
  const cloud = { partials, results, merge: { invoke }, runEnvelopes, runParts }
  const events = { merged: (work: unknown) => void works.push(work) }
  const merger = new Merger({
    ...{ pipeline: spec, from: ORIGIN, bootEpoch: 3, state: window.state },
    ...{ cloud, events, logger, clock },
  })
  return { clock, works, merger }
}
