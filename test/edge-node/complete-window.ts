import type { ItemKey } from '../../cloud/item-store'
import { MemoryItemStore } from '../../cloud/memory-item-store'
import { PartialStore } from '../../cloud/partial-store'
import { ResultStore } from '../../cloud/result-store'
import { count } from '../../core/aggregates/count'
import { sum } from '../../core/aggregates/sum'
import { EdgeState } from '../../core/edge-state'
import type { Envelope } from '../../core/envelope'
import { foldEnvelope } from '../../core/fold'
import type { Account, Manifest } from '../../core/ledger'
import type { MergeAnswer } from '../../core/merge-answer'
import { addTally, encodeTally, zeroTally } from '../../core/partial'
import { pipeline } from '../../core/pipeline'
import { tumbling } from '../../core/window'
import { createMergeHandler } from '../../handlers/merge'
import { ORIGIN } from './envelopes'

export const spec = pipeline({
  name: 'test',
  key: 'k',
  timestamp: 't',
  window: tumbling(10),
  aggregates: { n: count(), total: sum('v') },
})

const work = () => ({ requestId: 'r', ms: 1, memoryMb: 128, writeUnits: 1 })

/** A window ending at 10 all of whose envelopes are counted: the account, the edge's state, and the cloud with the rest. */
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
  const handler = createMergeHandler({
    partials,
    results,
    pipelines: new Map([[spec.name, spec]]),
    version: ORIGIN.version,
    newAttempt: () => `merge-${manifests.length}`,
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
