import { appendFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { LogRecord } from '../../../core/protocol/log-record'
import { temporaryFolders } from '../../support/temporary-folder'
import { openLog, requestOf } from './log-records'

const newFolder = temporaryFolders()
const record = (number: number): LogRecord => ({ type: 'closing', horizonMs: number })
const names = async (folder: string) => (await readdir(folder)).sort().map((name) => Number.parseInt(name, 10))
const horizons = (records: readonly LogRecord[]) =>
  records.flatMap((each) => (each.type === 'closing' ? [each.horizonMs] : []))

/** A log of three segments with records 1, 2 and 3, and four events in the first two. */
async function threeSegments() {
  const folder = await newFolder()
  const { log } = await openLog(folder)
  void log.append([requestOf(['a', 'b'], 0), record(1)])
  log.roll()
  void log.append([requestOf(['c'], 2), record(2), requestOf(['d'], 3)])
  log.roll()
  await log.append([record(3)])
  return { folder, log }
}

describe('a new segment', () => {
  test('takes what is appended after it, and all are read in order', async () => {
    const { folder, log } = await threeSegments()
    await log.close()
    expect(await names(folder)).toEqual([0, 1, 2])
    const again = await openLog(folder)
    expect(horizons(again.records)).toEqual([1, 2, 3])
    await again.log.append([record(4)])
    await again.log.close()
    expect(await names(folder)).toEqual([0, 1, 2])
  })

  test('begins with the offset of the next event, also after reopening', async () => {
    const { folder, log } = await threeSegments()
    await log.close()
    const again = await openLog(folder, 2)
    again.log.roll()
    await again.log.flushed()
    await again.log.close()
    const { records, log: last } = await openLog(folder, 2)
    const unsealed = records.filter(({ type }) => type !== 'seal')
    expect(unsealed).toEqual([{ type: 'segment', firstOffset: 4 }, record(3), { type: 'segment', firstOffset: 4 }])
    await last.close()
  })

  test('follows a full one by itself', async () => {
    const folder = await newFolder()
    const { log } = await openLog(folder)
    await log.append([requestOf(['x'.repeat(64 * 1024 * 1024)])])
    await log.append([record(2)])
    await log.close()
    expect(await names(folder)).toEqual([0, 1])
  })

  test.each([
    ['without a byte', Buffer.alloc(0)],
    ['with a part of its first record', Buffer.from([0, 0, 0])],
    ['full of zeros', Buffer.alloc(4_096)],
  ])(
    'that was torn while it was made, %s, is made again: what is appended to it later is not lost',
    async (_, torn) => {
      const folder = await newFolder()
      const { log } = await openLog(folder)
      await log.append([record(1)])
      await log.close()
      await writeFile(join(folder, '000000000001.log'), torn)
      const second = await openLog(folder)
      expect([horizons(second.records), second.tornBytes]).toEqual([[1], torn.length])
      second.log.roll()
      await second.log.append([record(2)])
      await second.log.close()
      const third = await openLog(folder)
      expect(horizons(third.records)).toEqual([1, 2])
      await third.log.close()
    },
  )
})

describe('reading from a segment on', () => {
  test('leaves out what is before it', async () => {
    const { folder, log } = await threeSegments()
    await log.close()
    const { records, log: again } = await openLog(folder, 1)
    expect(horizons(records)).toEqual([2, 3])
    await again.close()
  })

  test('cuts off a torn tail of the last all the same', async () => {
    const { folder, log } = await threeSegments()
    await log.close()
    await appendFile(join(folder, '000000000002.log'), 'torn')
    const { records, tornBytes, log: again } = await openLog(folder, 1)
    expect([horizons(records), tornBytes]).toEqual([[2, 3], 4])
    await again.close()
  })
})

describe('the lines of events', () => {
  test('are read by offset, whatever requests and segments they lie in', async () => {
    const { log } = await threeSegments()
    const all = ['a', 'b', 'c', 'd']
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 4 }), fc.nat({ max: 4 }), async (a, b) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)]
        expect(await log.readLines(from, to - from)).toEqual(all.slice(from, to))
      }),
    )
    await log.close()
  })

  test('that are not there are an error', async () => {
    const { log } = await threeSegments()
    await expect(log.readLines(3, 2)).rejects.toThrow('the log has 1 of the 2 events from offset 3')
    await log.deleteBefore(2, 2)
    await expect(log.readLines(1, 2)).rejects.toThrow('the log has 1 of the 2 events from offset 1')
    await log.close()
  })
})

describe('deleting', () => {
  test.each([
    ['segments before one that holds needed events', 2, 0, [0, 1, 2]],
    ['segments whose events are not needed any more', 2, 2, [1, 2]],
    ['no segment that a checkpoint goes on from', 1, 4, [1, 2]],
    ['all before the last', 2, 4, [2]],
    ['never the one that is written', 9, 99, [2]],
  ])('%s', async (_, segment, neededOffset, left) => {
    const { folder, log } = await threeSegments()
    await log.deleteBefore(segment, neededOffset)
    expect(await names(folder)).toEqual(left)
    await log.append([record(4)])
    await log.close()
    const again = await openLog(folder, left[0])
    expect(horizons(again.records).at(-1)).toBe(4)
    await again.log.close()
  })
})
