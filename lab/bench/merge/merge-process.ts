/**
 * The merge function over a window of N envelopes whose heads are made when they are asked for: `merge-process.ts N`.
 * Tells what it took.
 */

import type { Item, ItemKey, ItemStore } from '../../../cloud/item-store'
import { HEAD } from '../../../cloud/keys'
import { MemoryItemStore } from '../../../cloud/memory-item-store'
import { digestOf } from '../../../cloud/packing'
import { PartialStore } from '../../../cloud/partial-store'
import { ResultStore } from '../../../cloud/result-store'
import { digestInput } from '../../../core/protocol/envelope'
import { type EnvelopePartial, foldEnvelope } from '../../../core/protocol/fold'
import { addTally, encodeTally, zeroTally } from '../../../core/protocol/partial'
import type { Manifest, RunOrder } from '../../../core/protocol/protocol'
import { MergedRuns } from '../../../edge-node/closing/merged-runs'
import { RUN_ENVELOPES, RUN_PARTS } from '../../../edge-node/closing/merger'
import { createMergeHandler } from '../../../handlers/merge'
import pipeline from '../../../pipelines/bids'
import { bidLines } from '../../../scripts/load/events/bids'

const EVENTS = 1_000 // of an envelope of 190 kB of lines
const KEYS = 10_000
const VERSION = 'bench'
const FROM = { pipeline: 'bids', version: VERSION, incarnation: 'bench' }
const START_MS = Date.UTC(2026, 0, 1)
const WINDOW = { startMs: START_MS, endMs: START_MS + pipeline.window.sizeMs }

/** What merging one window took: `peakMiB` is the memory of the process, `longestMs` the longest call. */
export interface MergeFigures {
  readonly envelopes: number
  readonly calls: number
  readonly groups: number
  readonly peakMiB: number
  readonly longestMs: number
  readonly allMs: number
}

/** Tables that give every envelope the head of one, and keep what is written. */
class EndlessHeads extends MemoryItemStore implements ItemStore {
  constructor(private readonly head: Uint8Array) {
    super()
  }

  override async getAll(keys: readonly ItemKey[]): Promise<(Item | undefined)[]> {
    if (keys[0]?.sk !== HEAD) return super.getAll(keys)
    return keys.map((key) => ({ ...key, body: Uint8Array.from(this.head), expiresAtS: 0 }))
  }
}

async function main(envelopes: number): Promise<MergeFigures> {
  const partial = await foldedOnce()
  const digest = 'd'.repeat(64)
  const items = await itemsWith(partial, digest)
  let attempts = 0
  const merge = createMergeHandler({
    partials: new PartialStore(items, () => 0),
    results: new ResultStore(new MemoryItemStore(), () => 0),
    pipelines: new Map([[pipeline.name, pipeline]]),
    versionOf: () => VERSION,
    newAttempt: () => `${attempts++}`,
    used: () => ({ ms: performance.now(), readUnits: 0, writeUnits: 0 }),
    memoryMb: 0,
  })
  const figures = { envelopes, calls: 0, groups: 0, peakMiB: 0, longestMs: 0, allMs: 0 }
  const call = async (request: Manifest | RunOrder) => {
    const answer = await merge(JSON.parse(JSON.stringify(request)))
    figures.calls += 1
    figures.longestMs = Math.max(figures.longestMs, answer.work.ms)
    figures.allMs += answer.work.ms
    return answer
  }
  const burst = Array.from({ length: envelopes }, (_, number) => [number, digest] as const)
  const runs = new MergedRuns(burst, RUN_ENVELOPES, RUN_PARTS)
  for (let [run] = runs.next(1); run !== undefined; [run] = runs.next(1)) {
    const answer = await call({ ...FROM, ...WINDOW, ...runs.workOf(run) })
    if (answer.status !== 'folded') throw new Error(`a run was ${answer.status}`)
    runs.merged(run, answer.ref)
  }
  const accepted = encodeTally(acceptedBy(partial, envelopes))
  const answer = await call({ ...FROM, ...WINDOW, accepted, acceptedDigest: 'all', edge: null, ...runs.burst })
  if (answer.status !== 'merged') throw new Error(`the window was ${JSON.stringify(answer)}`)
  figures.groups = [...partial.panes.values()].reduce((groups, pane) => groups + pane.groups.size, 0)
  figures.peakMiB = process.resourceUsage().maxRSS / 1024
  return figures
}

async function foldedOnce(): Promise<EnvelopePartial> {
  const line = bidLines(1, { keys: KEYS, zipf: 0, poison: 0 })
  const lines = Array.from({ length: EVENTS }, (_, n) => line(n, START_MS + n))
  const header = { ...FROM, number: 0, firstOffset: 0, count: EVENTS, horizonMs: Number.NEGATIVE_INFINITY }
  return foldEnvelope(pipeline, { ...header, digest: digestOf(digestInput(header, lines)), lines })
}

/** The head as the burst function writes it. */
async function itemsWith(partial: EnvelopePartial, digest: string): Promise<EndlessHeads> {
  const written = new MemoryItemStore()
  const work = (writeUnits: number) => ({ requestId: 'bench', ms: 0, memoryMb: 0, writeUnits })
  await new PartialStore(written, () => 0).putEnvelope(pipeline, FROM, { number: 0, digest }, 'a', partial, work)
  const head = [...written.items.values()].find(({ sk }) => sk === HEAD)
  if (head === undefined) throw new Error('no head was written')
  return new EndlessHeads(head.body)
}

function acceptedBy({ panes }: EnvelopePartial, envelopes: number) {
  const tally = zeroTally()
  for (let envelope = 0; envelope < envelopes; envelope++)
    for (const pane of panes.values()) {
      addTally(tally, pane.folded)
      addTally(tally, pane.dead)
    }
  return tally
}

if (require.main === module) {
  void main(Number(process.argv[2])).then((figures) => process.send?.(figures, () => process.exit(0)))
}
