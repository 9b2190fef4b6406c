import type { Pipeline } from '../core/pipeline/pipeline'
import type { EnvelopePartial } from '../core/protocol/fold'
import {
  decodeGroups,
  type EncodedGroup,
  type EncodedTallies,
  encodeGroups,
  encodeTallies,
  type Partial,
  partialOf,
} from '../core/protocol/partial'
import type { Head, HeadPane, PartialRef, Work } from '../core/protocol/protocol'
import { chunkGroups, MAX_INLINE_BYTES } from './chunks'
import { type Item, type ItemStore, writeUnitsOf } from './item-store'
import { chunkKey, edgePartition, envelopePartition, HEAD, type Origin } from './keys'
import { pack, unpack } from './packing'

/**
 * Partials in a table of items: how they are written so that no two attempts can be mixed, and read so that absent
 * means missing.
 */
export class PartialStore {
  constructor(
    private readonly items: ItemStore,
    /** Epoch seconds at which what is written now may go: longer than retention plus reclaim. */
    private readonly expiresAtS: () => number,
  ) {}

  /** Units used by this store's calls so far. */
  get writeUnits(): number {
    return this.items.meter.writeUnits
  }

  /**
   * Writes the partial of an envelope: chunks under the attempt, then the head. False when another head stands already;
   * the chunks just written are then orphans and expire. Throws GroupTooLarge.
   */
  async putEnvelope(
    pipeline: Pipeline,
    from: Origin,
    envelope: { readonly number: number; readonly digest: string },
    attempt: string,
    partial: EnvelopePartial,
    work: (writeUnits: number) => Work,
  ): Promise<boolean> {
    const pk = envelopePartition(from, envelope.number)
    const before = this.items.meter.writeUnits
    const panes = [...partial.panes].map(([startMs, pane]) => ({ startMs, pane, groups: encodeGroups(pipeline, pane) }))
    const inline = Buffer.byteLength(JSON.stringify(panes.map(({ groups }) => groups))) <= MAX_INLINE_BYTES
    const heads: HeadPane[] = []
    const chunks: Item[] = []
    for (const { startMs, pane, groups } of panes) {
      const runs = inline ? [] : chunkGroups(groups)
      chunks.push(...runs.map((run, index) => this.item(pk, chunkKey(attempt, startMs, index), run)))
      heads.push({ startMs, ...encodeTallies(pane), groups: inline ? groups : null, chunks: runs.length })
    }
    await this.items.putAll(chunks)
    const { deadLetters } = partial
    const chunkUnits = this.items.meter.writeUnits - before
    const stating = (writeUnits: number) => {
      const head: Head = {
        kind: 'done',
        digest: envelope.digest,
        attempt,
        panes: heads,
        deadLetters,
        work: work(writeUnits),
      }
      return this.item(pk, HEAD, head)
    }
    // The head states what writing it costs, so it is packed once to be weighed.
    return this.items.putIfAbsent(stating(chunkUnits + writeUnitsOf(stating(chunkUnits))))
  }

  /** States that the burst will never do this envelope. False when a head stands already. */
  async refuse(from: Origin, number: number, refusal: Extract<Head, { kind: 'refused' }>): Promise<boolean> {
    return this.items.putIfAbsent(this.item(envelopePartition(from, number), HEAD, refusal))
  }

  /** The heads of those envelopes that have one. */
  async heads(from: Origin, numbers: readonly number[]): Promise<Map<number, Head>> {
    const found = await this.items.getAll(numbers.map((number) => ({ pk: envelopePartition(from, number), sk: HEAD })))
    const heads = new Map<number, Head>()
    numbers.forEach((number, index) => {
      const item = found[index]
      if (item !== undefined) heads.set(number, unpack(item.body) as unknown as Head)
    })
    return heads
  }

  /** The panes of a finished envelope that start in `wanted`, or null when a chunk is missing. */
  async panes(
    pipeline: Pipeline,
    from: Origin,
    number: number,
    head: Head,
    wanted: ReadonlySet<number>,
  ): Promise<Partial[] | null> {
    if (head.kind !== 'done') return null
    const pk = envelopePartition(from, number)
    const partials: Partial[] = []
    for (const pane of head.panes.filter(({ startMs }) => wanted.has(startMs))) {
      const keys = Array.from({ length: pane.chunks }, (_, index) => chunkKey(head.attempt, pane.startMs, index))
      const partial = await this.assemble(pipeline, pane, pk, keys)
      if (partial === null) return null
      if (pane.groups !== null) decodeGroups(pipeline, partial, pane.groups)
      partials.push(partial)
    }
    return partials
  }

  /**
   * Writes a partial of a window, the edge's own or that of a run of envelopes, under an attempt that is never used
   * again. Throws GroupTooLarge.
   */
  async putPart(
    pipeline: Pipeline,
    from: Origin,
    endMs: number,
    attempt: string,
    partial: Partial,
  ): Promise<PartialRef> {
    const pk = edgePartition(from, endMs)
    const runs = chunkGroups(encodeGroups(pipeline, partial))
    const first = this.item(pk, chunkKey(attempt, endMs, 0), encodeTallies(partial))
    await this.items.putAll([
      first,
      ...runs.map((run, index) => this.item(pk, chunkKey(attempt, endMs, index + 1), run)),
    ])
    return { attempt, chunks: runs.length + 1 }
  }

  /** A partial of a window that a manifest names, or null when some of it is missing. */
  async part(pipeline: Pipeline, from: Origin, endMs: number, ref: PartialRef): Promise<Partial | null> {
    const pk = edgePartition(from, endMs)
    const [first, ...keys] = Array.from({ length: ref.chunks }, (_, index) => chunkKey(ref.attempt, endMs, index))
    if (first === undefined) return null
    const [item] = await this.items.getAll([{ pk, sk: first }])
    if (item === undefined) return null
    return this.assemble(pipeline, unpack(item.body) as unknown as EncodedTallies, pk, keys)
  }

  private async assemble(
    pipeline: Pipeline,
    tallies: EncodedTallies,
    pk: string,
    chunkKeys: string[],
  ): Promise<Partial | null> {
    const partial = partialOf(pipeline, tallies)
    for (const item of await this.items.getAll(chunkKeys.map((sk) => ({ pk, sk })))) {
      if (item === undefined) return null
      decodeGroups(pipeline, partial, unpack(item.body) as unknown as EncodedGroup[])
    }
    return partial
  }

  private item(pk: string, sk: string, content: unknown): Item {
    return { pk, sk, body: pack(content), expiresAtS: this.expiresAtS() }
  }
}
