import { beforeEach, describe, expect, test } from '@jest/globals'
import { GroupTooLarge } from '../../cloud/chunks'
import type { ItemStore } from '../../cloud/item-store'
import type { Origin } from '../../cloud/keys'
import { PartialStore } from '../../cloud/partial-store'
import type { Envelope } from '../../core/protocol/envelope'
import { foldEnvelope } from '../../core/protocol/fold'
import type { Head } from '../../core/protocol/protocol'
import { RecordingItemStore } from './recording-item-store'
import { envelopeOf, FROM, noise, type SampleEvent, samplePipeline, viewOf } from './sample-envelopes'

const MAX_ITEM_BYTES = 300_000
const EXPIRES_AT_S = 1_800_000_000
const spec = samplePipeline()
const refusal = { kind: 'refused', digest: 'd', code: 'corrupt', reason: 'no lines' } as const satisfies Head

/** Events of `keys` keys in one pane, each with so much text that a partial of ten is too large for a head. */
const large = (keys: number, seed = 0): SampleEvent[] =>
  Array.from({ length: keys }, (_, key) => ({ k: `key ${key}`, t: 5, v: seed, text: noise(60_000, seed * 100 + key) }))

/** What the store of envelopes' partials must do, over any item store. */
export function envelopePartialsContract(open: () => Promise<ItemStore>): void {
  let items: RecordingItemStore
  let store: PartialStore
  beforeEach(async () => {
    items = new RecordingItemStore(await open())
    store = new PartialStore(items, () => EXPIRES_AT_S)
  })

  const put = async (envelope: Envelope, attempt: string, from: Origin = FROM) =>
    store.putEnvelope(spec, from, envelope, attempt, await foldEnvelope(spec, envelope), (writeUnits) => ({
      requestId: 'request',
      ms: 7,
      memoryMb: 1024,
      writeUnits,
    }))
  const headOf = async (number: number, from: Origin = FROM) => (await store.heads(from, [number])).get(number)
  /** The folded panes as they stand in the cloud; null while something is missing. */
  const standing = async (number: number, wanted = [0, 10]) => {
    const panes = await store.panes(spec, FROM, number, (await headOf(number))!, new Set(wanted))
    return panes?.map((pane) => viewOf(spec, pane)) ?? null
  }
  const folded = async (envelope: Envelope) =>
    [...(await foldEnvelope(spec, envelope)).panes.values()].map((pane) => viewOf(spec, pane))

  describe('the partial of an envelope', () => {
    const small = [
      { k: 'a', t: 1, v: 0.1 },
      { k: 'ü', t: 11, v: 2 },
      { k: 'a', t: 2, v: -1 },
    ]

    test('that is small is one write, and comes back equal', async () => {
      const envelope = envelopeOf(3, small)
      expect(await put(envelope, 'a1')).toBe(true)
      expect(items.written.map(({ sk }) => sk)).toEqual(['head'])
      expect(items.written[0]!.expiresAtS).toBe(EXPIRES_AT_S)
      expect(await standing(3)).toEqual(await folded(envelope))
    })

    test('has a head that names the attempt, the content, the dead letters and what it took', async () => {
      const before = items.meter.writeUnits
      const envelope = envelopeOf(3, small)
      await put(envelope, 'a1')
      const writeUnits = items.meter.writeUnits - before
      expect(await headOf(3)).toMatchObject({
        kind: 'done',
        attempt: 'a1',
        digest: envelope.digest,
        deadLetters: [{ offset: 3_002, code: 'map_failed', reason: 'map failed: v is below 0' }],
        work: { requestId: 'request', ms: 7, memoryMb: 1024, writeUnits },
      })
    })

    test('that just fits in its head states what that head cost', async () => {
      const before = items.meter.writeUnits
      await put(envelopeOf(3, [{ k: 'a', t: 1, text: noise(150_000, 1) }]), 'a1')
      const writeUnits = items.meter.writeUnits - before
      expect(items.written.map(({ sk }) => sk)).toEqual(['head'])
      expect(writeUnits).toBeGreaterThan(100)
      expect(await headOf(3)).toMatchObject({ work: { writeUnits } })
    })

    test('that is large is chunked under 300 KB an item, and comes back equal', async () => {
      const envelope = envelopeOf(3, [...large(12), { k: 'b', t: 12 }])
      const before = items.meter.writeUnits
      await put(envelope, 'a1')
      const writeUnits = items.meter.writeUnits - before
      expect(items.written.length).toBeGreaterThan(4)
      expect(items.written.at(-1)!.sk).toBe('head')
      for (const { body } of items.written) expect(body.length).toBeLessThan(MAX_ITEM_BYTES)
      expect(items.written.every(({ expiresAtS }) => expiresAtS === EXPIRES_AT_S)).toBe(true)
      expect(await standing(3)).toEqual(await folded(envelope))
      expect(await headOf(3)).toMatchObject({ work: { writeUnits } })
    })

    test('whose keys have three bytes a character is cut by bytes, too', async () => {
      const letter = (seed: number) => String.fromCharCode(0x4e00 + (seed % 0x5000))
      const keyOf = (key: number) => Array.from({ length: 500 }, (_, n) => letter(key * 7_919 + n * n * 31)).join('')
      const envelope = envelopeOf(
        3,
        Array.from({ length: 1_000 }, (_, key) => ({ k: keyOf(key), t: 5, v: key })),
      )
      expect(Buffer.byteLength(envelope.lines.join(''))).toBeGreaterThan(4 * MAX_ITEM_BYTES)
      await put(envelope, 'a1')
      for (const { body } of items.written) expect(body.length).toBeLessThan(MAX_ITEM_BYTES)
      expect(await standing(3)).toEqual(await folded(envelope))
    })

    test('is read no further than the panes that are wanted', async () => {
      const envelope = envelopeOf(3, [...large(5), ...large(5).map((event) => ({ ...event, t: 15 }))])
      await put(envelope, 'a1')
      const head = (await headOf(3))!
      items.read.length = 0
      const panes = await store.panes(spec, FROM, 3, head, new Set([10]))
      expect(panes?.map((pane) => viewOf(spec, pane))).toEqual([(await folded(envelope))[1]])
      expect(items.read.every(({ sk }) => sk.startsWith('chunk#a1#10#'))).toBe(true)
      expect(await store.panes(spec, FROM, 3, head, new Set([20]))).toEqual([])
    })

    test('with a group too large for any item is refused before anything is written', async () => {
      const envelope = envelopeOf(3, [...large(3), { k: 'giant', t: 5, text: noise(300_000, 1) }])
      await expect(put(envelope, 'a1')).rejects.toThrow(GroupTooLarge)
      expect(items.written).toEqual([])
    })

    test('stands as its first attempt left it', async () => {
      const first = envelopeOf(3, large(8, 1))
      expect(await put(first, 'a1')).toBe(true)
      expect(await put(envelopeOf(3, large(8, 2)), 'a2')).toBe(false)
      expect(await headOf(3)).toMatchObject({ attempt: 'a1', digest: first.digest })
      expect(await standing(3)).toEqual(await folded(first))
    })

    test('holds nothing of an attempt that ended before its head', async () => {
      items.onWrite = ({ sk }) => {
        if (sk === 'head') throw new Error('the function died')
        return true
      }
      await expect(put(envelopeOf(3, large(10, 1)), 'a1')).rejects.toThrow('died')
      expect(items.written.length).toBeGreaterThan(1)
      expect(await headOf(3)).toBeUndefined()
      items.onWrite = () => true
      const second = envelopeOf(3, large(5, 2))
      expect(await put(second, 'a2')).toBe(true)
      expect(await standing(3)).toEqual(await folded(second))
    })

    test('with any chunk absent is missing, never empty', async () => {
      await put(envelopeOf(0, large(12)), 'a1')
      const chunks = items.written.filter(({ sk }) => sk !== 'head').map(({ sk }) => sk)
      expect(chunks.length).toBeGreaterThan(1)
      for (const [index, lost] of chunks.entries()) {
        items.onWrite = ({ sk }) => sk !== lost
        await put(envelopeOf(index + 1, large(12)), 'a1')
        expect(await standing(index + 1)).toBeNull()
      }
    })
  })

  describe('heads', () => {
    test('are found for those envelopes that have one, over more than one batch', async () => {
      for (let number = 0; number < 40; number++) await put(envelopeOf(number * 3, [{ k: 'a', t: 1 }]), `a${number}`)
      const asked = Array.from({ length: 130 }, (_, number) => number)
      const heads = await store.heads(FROM, asked)
      expect([...heads.keys()]).toEqual(asked.filter((number) => number % 3 === 0 && number < 120))
      expect(heads.get(117)).toMatchObject({ attempt: 'a39' })
    })

    test('of a refusal stand like any other, and have no panes', async () => {
      expect(await store.refuse(FROM, 3, refusal)).toBe(true)
      expect(await put(envelopeOf(3, [{ k: 'a', t: 1 }]), 'a1')).toBe(false)
      expect(await headOf(3)).toEqual(refusal)
      expect(await standing(3)).toBeNull()
    })

    test('of a finished envelope are not replaced by a refusal', async () => {
      await put(envelopeOf(3, [{ k: 'a', t: 1 }]), 'a1')
      expect(await store.refuse(FROM, 3, refusal)).toBe(false)
      expect(await headOf(3)).toMatchObject({ kind: 'done', attempt: 'a1' })
    })

    test('of another pipeline, version or incarnation are never met', async () => {
      await put(envelopeOf(3, [{ k: 'a', t: 1 }]), 'a1')
      const others = [{ pipeline: 'other' }, { version: 'v2' }, { incarnation: 'incarnation-2' }]
      for (const other of others) {
        expect(await headOf(3, { ...FROM, ...other })).toBeUndefined()
        expect(await put(envelopeOf(3, [{ k: 'a', t: 1 }]), 'a2', { ...FROM, ...other })).toBe(true)
      }
      expect(await headOf(3)).toMatchObject({ attempt: 'a1' })
    })
  })
}
