import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, jest, test } from '@jest/globals'
import fc from 'fast-check'
import { digestOf } from '../../../cloud/packing'
import type { Row } from '../../../core/pipeline/pipeline'
import type { FinalRecord } from '../../../core/protocol/log-record'
import { FinalColumns } from '../../../edge-node/results/final-columns'
import type { Stored } from '../../../edge-node/results/result-files'
import { InvalidCursor, Results } from '../../../edge-node/results/results'
import { expired } from '../../../edge-node/results/retention'
import { finalOf } from '../../support/envelopes'
import { fileHandles, temporaryFolders } from '../../support/temporary-folder'

const newFolder = temporaryFolders()
afterEach(() => {
  jest.restoreAllMocks()
})
const everything = { fromMs: -Infinity, toMs: Infinity, key: null, limit: 10_000, cursor: null }

const row = (key: string, n: number): Row => ({ key, n })
const rowsOf = (count: number): Row[] => Array.from({ length: count }, (_, n) => row(`k${n}`, n))

function final(number: number, startMs: number, endMs: number, stored: Stored, rows: number): FinalRecord {
  const counts = { edge: 3, burst: 2, deadLettered: 1 }
  const accepted = [6, '0123456789abcdef'] as const
  return { type: 'final', number, startMs, endMs, version: 'v1', accepted, ...counts, rows, ...stored, atMs: 0 }
}

/** Stores and publishes a window, which becomes final now. */
async function add(results: Results, startMs: number, rows: readonly Row[]): Promise<FinalRecord> {
  const stored = await results.store(startMs, startMs + 10, rows)
  const record = final(results.count, startMs, startMs + 10, stored, rows.length)
  results.publish(record)
  return record
}

describe('publishing', () => {
  test('a stored window is not visible before its final record is', async () => {
    const results = await Results.open(await newFolder())
    const stored = await results.store(0, 10, rowsOf(1))
    expect(await results.page(everything)).toEqual({ windows: [], next: null, takenBefore: null })
    results.publish(final(0, 0, 10, stored, 1))
    const shown = { start: 0, end: 10, version: 'v1', accepted: 6, edge: 3, burst: 2, deadLettered: 1 }
    expect(await results.page(everything)).toEqual({
      windows: [{ ...shown, rows: rowsOf(1) }],
      next: null,
      takenBefore: null,
    })
  })

  test('the digest is that of the rows, so other rows have another', async () => {
    const results = await Results.open(await newFolder())
    expect((await results.store(0, 10, rowsOf(2))).digest).toBe(digestOf(['{"key":"k0","n":0}', '{"key":"k1","n":1}']))
    expect((await results.store(0, 10, rowsOf(3))).digest).not.toBe((await results.store(0, 10, rowsOf(2))).digest)
  })

  test('rows stored for a window that never became final do not replace those that did', async () => {
    const results = await Results.open(await newFolder())
    const stored = await results.store(0, 10, rowsOf(2))
    await results.store(0, 10, rowsOf(3))
    results.publish(final(0, 0, 10, stored, 2))
    expect((await results.page(everything)).windows[0]?.rows).toEqual(rowsOf(2))
  })

  test('many windows at once are stored a few at a time, and each of them though one fails', async () => {
    const results = await Results.open(await newFolder())
    const handles = await fileHandles()
    const sync = handles.datasync
    let [syncing, most, calls] = [0, 0, 0]
    jest.spyOn(handles, 'datasync').mockImplementation(async function (this: typeof handles) {
      most = Math.max(most, ++syncing)
      await sync.call(this)
      syncing -= 1
      if (calls++ === 3) throw new Error('EIO: i/o error, fdatasync')
    })
    const stored = await Promise.allSettled(Array.from({ length: 100 }, (_, n) => results.store(n, n + 1, rowsOf(n))))
    expect(stored.filter(({ status }) => status === 'rejected').length).toBe(1)
    expect(most).toBeLessThanOrEqual(16)
    expect((await results.store(0, 1, rowsOf(1))).digest).toBe(digestOf(['{"key":"k0","n":0}']))
  })

  test('finals have dense numbers: a gap or a repetition is a bug', async () => {
    const results = await Results.open(await newFolder())
    const record = await add(results, 0, [])
    expect(() => results.publish(record)).toThrow('final 0 follows 0')
    expect(() => results.publish({ ...record, number: 2 })).toThrow('final 2 follows 0')
    expect(results.count).toBe(1)
  })
})

describe('order', () => {
  test('windows are served by start, whatever the order in which they became final', async () => {
    const results = await Results.open(await newFolder())
    for (const startMs of [20, 0, 30, -10, 10]) await add(results, startMs, [])
    const { windows } = await results.page(everything)
    expect(windows.map(({ start }) => start)).toEqual([-10, 0, 10, 20, 30])
  })

  test('the stream has them in the order in which they became final', async () => {
    const results = await Results.open(await newFolder())
    for (const startMs of [20, 0, 10]) await add(results, startMs, [])
    expect(results.since(0).map(({ startMs }) => startMs)).toEqual([20, 0, 10])
    expect(results.since(2).map(({ number }) => number)).toEqual([2])
    expect(results.since(3)).toEqual([])
  })
})

describe('after a restart', () => {
  test('the rows come from the disk, given the finals of the log', async () => {
    const folder = await newFolder()
    const before = await Results.open(folder)
    for (const startMs of [10, 0]) await add(before, startMs, rowsOf(3))
    const whole = await before.page(everything)
    const after = await Results.open(folder)
    expect(after.count).toBe(0)
    for (const record of before.since(0)) after.publish(record)
    expect(await after.page(everything)).toEqual(whole)
  })
})

describe('reading', () => {
  test('one key gives its rows, and each window with its counts all the same', async () => {
    const results = await Results.open(await newFolder())
    await add(results, 0, [row('a', 1), row('b', 2)])
    await add(results, 10, [row('b', 3)])
    const { windows } = await results.page({ ...everything, key: 'a' })
    expect(windows.map(({ rows }) => rows)).toEqual([[row('a', 1)], []])
    expect(windows[1]?.accepted).toBe(6)
  })

  test.each(['', 'x', '1.2', '1.2.3.4', '1.2.-3', '1e3.2.0', ' 1.2.3', `${'9'.repeat(17)}.1.1`])(
    'the cursor "%s" is refused',
    async (cursor) => {
      const results = await Results.open(await newFolder())
      await expect(results.page({ ...everything, cursor })).rejects.toBeInstanceOf(InvalidCursor)
    },
  )

  test('windows read before are served from memory, so one reader among many does not read the disk again', async () => {
    const folder = await newFolder()
    const results = await Results.open(folder)
    const large = await add(results, 0, rowsOf(60_000))
    await Promise.all([results.rows(large), results.rows(large), results.rows(large)])
    const second = await add(results, 10, rowsOf(60_000))
    await results.rows(second)
    for (const name of await readdir(folder)) await rm(join(folder, name))
    expect((await results.rows(large)).length).toBe(60_000)
    expect((await results.rows(second)).length).toBe(60_000)
  })

  test('what was read longest ago leaves the memory first', async () => {
    const folder = await newFolder()
    const results = await Results.open(folder)
    const finals = [await add(results, 0, rowsOf(120_000)), await add(results, 10, rowsOf(120_000))]
    for (const record of finals) await results.rows(record)
    for (const name of await readdir(folder)) await rm(join(folder, name))
    await expect(results.rows(finals[0]!)).rejects.toMatchObject({ code: 'result_damaged' })
    expect((await results.rows(finals[1]!)).length).toBe(120_000)
  })
})

describe('retention', () => {
  const kept = fc
    .array(fc.record({ gapMs: fc.nat(100), bytes: fc.nat(50) }), { minLength: 1, maxLength: 40 })
    .map((finals) => {
      const columns = new FinalColumns()
      columns.begin(7)
      let atMs = 0
      finals.forEach(({ gapMs, bytes }, index) => {
        atMs += gapMs
        columns.push(finalOf(7 + index, { atMs, bytes }))
      })
      return columns
    })
  const limits = fc.record({ ageMs: fc.nat(2_000), bytes: fc.nat(1_500) })

  describe('what is past its retention', () => {
    test('is older than the limit, or one of the oldest while there are more bytes than the limit; and nothing else is', () => {
      fc.assert(
        fc.property(kept, limits, fc.nat(3_000), (finals, limit, nowMs) => {
          const before = expired(finals, limit, nowMs)?.before ?? finals.first
          let bytes = finals.bytes
          for (let number = finals.first; number < finals.next - 1; number++) {
            const isOver = nowMs - finals.atMs(number) > limit.ageMs || bytes > limit.bytes
            if (number < before) expect(isOver).toBe(true)
            if (number === before) expect(isOver).toBe(false)
            bytes -= finals.fileBytes(number)
          }
          expect(before).toBeLessThan(finals.next)
        }),
      )
    })

    test('names a time at or after the end of all that go', () => {
      fc.assert(
        fc.property(kept, limits, fc.nat(3_000), (finals, limit, nowMs) => {
          const found = expired(finals, limit, nowMs)
          for (let number = finals.first; number < (found?.before ?? 0); number++)
            expect(finals.endMs(number)).toBeLessThanOrEqual(found!.toMs)
        }),
      )
    })

    test('leaves what ends after a window that is not final', () => {
      const finals = new FinalColumns()
      for (const number of [0, 1, 2, 3]) finals.push(finalOf(number))
      const none = { ageMs: 0, bytes: 0 }
      expect(expired(finals, none, 1e9)?.before).toBe(3)
      expect(expired(finals, none, 1e9, finalOf(1).endMs)?.before).toBe(1)
    })
  })
})
