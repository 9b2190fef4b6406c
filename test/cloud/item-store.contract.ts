import { describe, expect, test } from '@jest/globals'
import type { Item, ItemStore } from '../../cloud/item-store'

/** What every item store must do. `open` gives an empty one. */
export function itemStoreContract(open: () => Promise<ItemStore>): void {
  describe('an item store', () => {
    test('gives back the items in the order of their keys, and undefined where there is none', async () => {
      const store = await open()
      await store.putAll([item('p', 'a'), item('p', 'b'), item('q', 'a')])
      const found = await store.getAll([
        key('q', 'a'),
        key('p', 'none'),
        key('p', 'b'),
        key('none', 'a'),
        key('p', 'a'),
      ])
      expect(found.map(textOf)).toEqual(['q/a', undefined, 'p/b', undefined, 'p/a'])
    })

    test('keeps every byte of a body, and the second of its expiry', async () => {
      const store = await open()
      const body = Uint8Array.from({ length: 256 }, (_, byte) => byte)
      await store.putAll([{ ...key('p', 'a'), body, expiresAtS: 1_700_000_000 }])
      const [found] = await store.getAll([key('p', 'a')])
      expect([...found!.body]).toEqual([...body])
      expect(found!.expiresAtS).toBe(1_700_000_000)
    })

    test('writes more than one batch of 25 and reads more than one of 100', async () => {
      const store = await open()
      const items = Array.from({ length: 230 }, (_, index) => item(`p${index % 7}`, String(index)))
      await store.putAll(items)
      const wanted = [...items.toReversed(), key('p0', 'none')]
      const found = await store.getAll(wanted)
      expect(found.map(textOf)).toEqual([...items.toReversed().map(textOf), undefined])
    })

    test('has nothing to do for no items and no keys', async () => {
      const store = await open()
      await store.putAll([])
      expect(await store.getAll([])).toEqual([])
      expect(store.meter).toEqual({ readUnits: 0, readBytes: 0, writeUnits: 0 })
    })

    test('may be given the same items again', async () => {
      const store = await open()
      await store.putAll([item('p', 'a')])
      await store.putAll([item('p', 'a'), item('p', 'b')])
      expect((await store.getAll([key('p', 'a'), key('p', 'b')])).map(textOf)).toEqual(['p/a', 'p/b'])
    })

    test('puts an item where none is, and leaves the one that stands', async () => {
      const store = await open()
      expect(await store.putIfAbsent(item('p', 'a', 'first'))).toBe(true)
      expect(await store.putIfAbsent(item('p', 'a', 'second'))).toBe(false)
      expect(await store.putIfAbsent(item('p', 'b', 'other'))).toBe(true)
      expect((await store.getAll([key('p', 'a'), key('p', 'b')])).map(textOf)).toEqual(['first', 'other'])
    })

    test('lets exactly one of many at the same time put its item', async () => {
      const store = await open()
      const names = Array.from({ length: 8 }, (_, index) => `racer ${index}`)
      const won = await Promise.all(names.map((name) => store.putIfAbsent(item('p', 'a', name))))
      expect(won.filter(Boolean)).toHaveLength(1)
      const [standing] = await store.getAll([key('p', 'a')])
      expect(textOf(standing)).toBe(names[won.indexOf(true)])
    })

    test('marks an item as final and changes nothing else, however often', async () => {
      const store = await open()
      await store.putIfAbsent(item('p', 'a'))
      await store.markFinal(key('p', 'a'))
      await store.markFinal(key('p', 'a'))
      expect(await store.getAll([key('p', 'a')])).toEqual([item('p', 'a')])
      expect(await store.putIfAbsent(item('p', 'a', 'late'))).toBe(false)
    })

    test('makes no item where there is none to be marked', async () => {
      const store = await open()
      await store.markFinal(key('p', 'a'))
      expect(await store.getAll([key('p', 'a')])).toEqual([undefined])
      expect(await store.putIfAbsent(item('p', 'a'))).toBe(true)
    })

    test('tells keys apart by their parts, not by their texts in a row', async () => {
      const store = await open()
      await store.putAll([item('a b', 'c'), item('a', 'b c')])
      expect((await store.getAll([key('a b', 'c'), key('a', 'b c')])).map(textOf)).toEqual(['a b/c', 'a/b c'])
    })

    test('meters what each call uses', async () => {
      const store = await open()
      const used = async (call: () => Promise<unknown>) => {
        const before = { ...store.meter }
        await call()
        return { read: store.meter.readUnits - before.readUnits, write: store.meter.writeUnits - before.writeUnits }
      }
      expect(await used(() => store.putAll([item('p', 'a'), item('p', 'b')]))).toEqual({ read: 0, write: 2 })
      expect(await used(() => store.putIfAbsent(item('p', 'c')))).toEqual({ read: 0, write: 1 })
      expect(await used(() => store.putIfAbsent(item('p', 'c', 'refused')))).toEqual({ read: 0, write: 1 })
      const large = { ...item('p', 'd'), body: new Uint8Array(10_000) }
      expect(await used(() => store.putAll([large]))).toEqual({ read: 0, write: 10 })
      expect(await used(() => store.getAll([large]))).toEqual({ read: 3, write: 0 })
      expect(await used(() => store.getAll([key('p', 'a'), key('p', 'c'), key('p', 'none')]))).toEqual({
        read: 3,
        write: 0,
      })
    })

    test('meters the size of the items that it read', async () => {
      const store = await open()
      const large = { ...item('p', 'a'), body: new Uint8Array(10_000) }
      await store.putAll([large])
      await store.getAll([large, key('p', 'none')])
      expect(store.meter.readBytes).toBeGreaterThan(10_000)
      expect(store.meter.readBytes).toBeLessThan(10_100)
    })
  })
}

const key = (pk: string, sk: string) => ({ pk, sk })
const item = (pk: string, sk: string, text = `${pk}/${sk}`): Item => ({
  pk,
  sk,
  body: new Uint8Array(Buffer.from(text)),
  expiresAtS: 1_800_000_000,
})
const textOf = (found: Item | undefined) => found && Buffer.from(found.body).toString()
