import { beforeEach, describe, expect, test } from '@jest/globals'
import { GroupTooLarge } from '../../cloud/chunks'
import type { ItemStore } from '../../cloud/item-store'
import type { Origin } from '../../cloud/keys'
import { PartialStore } from '../../cloud/partial-store'
import { foldEnvelope } from '../../core/protocol/fold'
import { emptyPartial, type Partial } from '../../core/protocol/partial'
import { RecordingItemStore } from './recording-item-store'
import { envelopeOf, FROM, noise, type SampleEvent, samplePipeline, viewOf } from './sample-envelopes'

const END_MS = 10
const spec = samplePipeline()
const partialOf = async (events: readonly SampleEvent[]): Promise<Partial> =>
  (await foldEnvelope(spec, envelopeOf(0, events))).panes.get(0)!
const large = (seed: number) =>
  Array.from({ length: 12 }, (_, key) => ({ k: `key ${key}`, t: 5, text: noise(60_000, seed * 100 + key) }))

/** What the store of the edge's own partials must do, over any item store. */
export function edgePartialsContract(open: () => Promise<ItemStore>): void {
  let items: RecordingItemStore
  let store: PartialStore
  beforeEach(async () => {
    items = new RecordingItemStore(await open())
    store = new PartialStore(items, () => 1_800_000_000)
  })
  const read = async (ref: Awaited<ReturnType<PartialStore['putPart']>>, from: Origin = FROM, endMs = END_MS) => {
    const partial = await store.part(spec, from, endMs, ref)
    return partial && viewOf(spec, partial)
  }

  describe("the edge's partial of a window", () => {
    test('comes back equal, in chunks under 300 KB', async () => {
      const partial = await partialOf([...large(1), { k: 'dead', t: 5, v: -1 }])
      const ref = await store.putPart(spec, FROM, END_MS, 'edge/1.0', partial)
      expect(ref.chunks).toBe(items.written.length)
      expect(ref.chunks).toBeGreaterThan(3)
      for (const { body } of items.written) expect(body.length).toBeLessThan(300_000)
      expect(await read(ref)).toEqual(viewOf(spec, partial))
    })

    test('is immutable for each attempt: what an older manifest names stays as it was', async () => {
      const [one, two] = [await partialOf(large(1)), await partialOf(large(2).slice(0, 3))]
      const first = await store.putPart(spec, FROM, END_MS, 'edge/1.0', one)
      const second = await store.putPart(spec, FROM, END_MS, 'edge/1.1', two)
      expect(await read(first)).toEqual(viewOf(spec, one))
      expect(await read(second)).toEqual(viewOf(spec, two))
    })

    test('without a group is there, and is empty', async () => {
      const ref = await store.putPart(spec, FROM, END_MS, 'edge/1.0', emptyPartial(spec))
      expect(await read(ref)).toEqual(viewOf(spec, emptyPartial(spec)))
    })

    test('with only dead letters keeps their tally', async () => {
      const partial = await partialOf([{ k: 'a', t: 1, v: -1 }])
      const ref = await store.putPart(spec, FROM, END_MS, 'edge/1.0', partial)
      expect(await read(ref)).toMatchObject({ folded: [0, '0000000000000000'], dead: viewOf(spec, partial).dead })
    })

    test('with any part absent is missing, never empty', async () => {
      const partial = await partialOf(large(1))
      await store.putPart(spec, FROM, END_MS, 'edge/1.0', partial)
      for (const [index, { sk }] of [...items.written].entries()) {
        const attempt = `edge/2.${index}`
        items.onWrite = (item) => item.sk !== sk.replace('edge/1.0', attempt)
        expect(await read(await store.putPart(spec, FROM, END_MS, attempt, partial))).toBeNull()
      }
    })

    test('that a manifest names but nobody wrote is missing', async () => {
      expect(await read({ attempt: 'edge/9.9', chunks: 1 })).toBeNull()
      expect(await read({ attempt: 'edge/9.9', chunks: 0 })).toBeNull()
    })

    test('of another window, pipeline, version or incarnation is never met', async () => {
      const ref = await store.putPart(spec, FROM, END_MS, 'edge/1.0', await partialOf([{ k: 'a', t: 1 }]))
      expect(await read(ref, FROM, END_MS + 10)).toBeNull()
      for (const other of [{ pipeline: 'other' }, { version: 'v2' }, { incarnation: 'incarnation-2' }]) {
        expect(await read(ref, { ...FROM, ...other })).toBeNull()
      }
      expect(await read(ref)).not.toBeNull()
    })

    test('with a group too large for any item is refused before anything is written', async () => {
      const partial = await partialOf([{ k: 'giant', t: 5, text: noise(300_000, 1) }])
      await expect(store.putPart(spec, FROM, END_MS, 'edge/1.0', partial)).rejects.toThrow(GroupTooLarge)
      expect(items.written).toEqual([])
    })
  })
}
