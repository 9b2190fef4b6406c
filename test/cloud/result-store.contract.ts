import { beforeEach, describe, expect, test } from '@jest/globals'
import type { ItemStore } from '../../cloud/item-store'
import type { Origin } from '../../cloud/keys'
import { ResultStore } from '../../cloud/result-store'
import type { WindowResult } from '../../core/protocol/merge'
import { RecordingItemStore } from './recording-item-store'
import { FROM, noise } from './sample-envelopes'

const END_MS = 10
const rowsOf = (count: number, seed = 0) =>
  Array.from({ length: count }, (_, index) => ({ key: `${index} ü`, text: noise(400, seed * 10_000 + index) }))
const resultOf = (rows: WindowResult['rows'], endMs = END_MS): WindowResult => ({
  startMs: endMs - 10,
  endMs,
  accepted: [9, '00000000000000ff'],
  edge: 3,
  burst: 5,
  deadLettered: 1,
  rows,
})

/** What the store of window results must do, over any item store. */
export function resultStoreContract(open: () => Promise<ItemStore>): void {
  let items: RecordingItemStore
  let store: ResultStore
  beforeEach(async () => {
    items = new RecordingItemStore(await open())
    store = new ResultStore(items, () => 1_800_000_000)
  })
  const standing = async (endMs = END_MS, from: Origin = FROM) => {
    const candidate = await store.candidate(from, endMs)
    if (candidate === null) return null
    const { attempt, version, acceptedDigest, result } = candidate
    return { attempt, version, acceptedDigest, result, rows: await store.rows(from, endMs, candidate) }
  }
  const { rows: _, ...figures } = resultOf([])

  describe('the candidate of a window', () => {
    test('says what it was made from, and has its rows in chunks under 300 KB', async () => {
      const rows = rowsOf(2_000)
      expect(await store.putCandidate(FROM, 'm1', 'digest', resultOf(rows))).toBe(true)
      expect(items.written.length).toBeGreaterThan(3)
      expect(items.written.at(-1)!.sk).toBe('head')
      for (const { body, expiresAtS } of items.written) {
        expect(body.length).toBeLessThan(300_000)
        expect(expiresAtS).toBe(1_800_000_000)
      }
      expect(await standing()).toEqual({
        attempt: 'm1',
        version: 'v1',
        acceptedDigest: 'digest',
        result: figures,
        rows,
      })
    })

    test('that was first stands, rows and all', async () => {
      const first = rowsOf(1_500, 1)
      await store.putCandidate(FROM, 'm1', 'digest', resultOf(first))
      expect(await store.putCandidate(FROM, 'm2', 'other', resultOf(rowsOf(1_500, 2)))).toBe(false)
      expect(await standing()).toMatchObject({ attempt: 'm1', acceptedDigest: 'digest', rows: first })
    })

    test('may have no rows', async () => {
      await store.putCandidate(FROM, 'm1', 'digest', resultOf([]))
      expect(items.written.map(({ sk }) => sk)).toEqual(['head'])
      expect(await standing()).toMatchObject({ result: figures, rows: [] })
    })

    test('is absent before there was one, and for every other window and origin', async () => {
      expect(await store.candidate(FROM, END_MS)).toBeNull()
      await store.putCandidate(FROM, 'm1', 'digest', resultOf(rowsOf(1)))
      expect(await store.candidate(FROM, END_MS + 10)).toBeNull()
      for (const other of [{ pipeline: 'other' }, { version: 'v2' }, { incarnation: 'incarnation-2' }]) {
        expect(await store.candidate({ ...FROM, ...other }, END_MS)).toBeNull()
      }
    })

    test('with any chunk of its rows absent has none, rather than some', async () => {
      await store.putCandidate(FROM, 'm1', 'digest', resultOf(rowsOf(1_500)))
      const chunks = items.written.filter(({ sk }) => sk !== 'head').length
      expect(chunks).toBeGreaterThan(1)
      for (let lost = 0; lost < chunks; lost++) {
        const endMs = 20 + lost * 10
        items.onWrite = ({ sk }) => sk !== `chunk#m1#${endMs}#${lost}`
        await store.putCandidate(FROM, 'm1', 'digest', resultOf(rowsOf(1_500), endMs))
        expect(await standing(endMs)).toMatchObject({ attempt: 'm1', rows: null })
      }
    })

    test('is flagged as final without a change to it, however often', async () => {
      const rows = rowsOf(3)
      await store.putCandidate(FROM, 'm1', 'digest', resultOf(rows))
      await store.markFinal(FROM, END_MS)
      await store.markFinal(FROM, END_MS)
      expect(await standing()).toMatchObject({ attempt: 'm1', result: figures, rows })
      expect(await store.putCandidate(FROM, 'm2', 'digest', resultOf([]))).toBe(false)
    })

    test('is not made by flagging a window that has none', async () => {
      await store.markFinal(FROM, END_MS)
      expect(await store.candidate(FROM, END_MS)).toBeNull()
      expect(await store.putCandidate(FROM, 'm1', 'digest', resultOf([]))).toBe(true)
    })
  })
}
