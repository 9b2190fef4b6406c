import { cp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { LogRecord } from '../../../core/protocol/log-record'
import { CannotRecover } from '../../../edge-node/disk/disk'
import { soundRecords } from '../../../edge-node/log/log-codec'
import { LogReader } from '../../../edge-node/log/log-reader'
import { event, T0, testNodes } from '../../support/fixture'
import { temporaryFolders } from '../../support/temporary-folder'
import { encoded, encodedAtOnce, openLog, requestOf } from './log-records'

const newFolder = temporaryFolders()
const { start } = testNodes()
const closing = (horizonMs: number): LogRecord => ({ type: 'closing', horizonMs })
const beginning = (firstOffset = 0): LogRecord => ({ type: 'segment', firstOffset })
const segment = (folder: string, number: number) => join(folder, `00000000000${number}.log`)

/** A log of three segments, closed in order: three flushes of events, then a seal. */
async function threeSegments() {
  const folder = await newFolder()
  const { log } = await openLog(folder)
  await log.append([requestOf(['a', 'b'], 0), closing(1)])
  log.roll()
  await log.append([requestOf(['c'], 2), closing(2)])
  log.roll()
  await log.append([closing(3)])
  await log.append([requestOf(['d', 'e'], 3)])
  await log.close()
  return folder
}

/** What a reader makes of segments in memory. */
function read(segments: readonly Buffer[], fromSegment = 0, durable: number | null = null) {
  const records: LogRecord[] = []
  const reader = new LogReader(
    fromSegment,
    (number) => `segment ${number}`,
    (record) => records.push(record),
  )
  for (const [number, bytes] of segments.entries()) reader.take(number, bytes, number === segments.length - 1)
  reader.end(durable)
  return { records, torn: reader.torn }
}

const flipped = (bytes: Buffer, at: number, bit: number) => {
  const copy = Buffer.from(bytes)
  copy[at] = copy[at]! ^ (1 << bit)
  return copy
}

describe('a flipped bit', () => {
  test('of any segment, anywhere before the last flush, is refused with the file and the byte where its record begins', async () => {
    const folder = await threeSegments()
    const files = await Promise.all([0, 1, 2].map((number) => readFile(segment(folder, number))))
    let refused = 0
    for (const [number, bytes] of files.entries()) {
      const records = [...soundRecords(bytes)]
      const sealAt = number === 2 ? records.at(-1)!.at : bytes.length
      for (let at = 0; at < sealAt; at++) {
        const changed = files.map((each, index) => (index === number ? flipped(each, at, at % 8) : each))
        const { at: recordAt } = records.find(({ endsAt }) => at < endsAt)!
        expect(() => read(changed)).toThrow(CannotRecover)
        expect(() => read(changed)).toThrow(`segment ${number} is damaged at byte ${recordAt}`)
        refused += 1
      }
    }
    expect(refused).toBeGreaterThan(800)
  })

  test('of the last flush cuts off as torn what begins there, and nothing before it', () => {
    const written = [beginning(), requestOf(['a']), closing(1)]
    const bytes = encoded(written)
    const [, , last] = [...soundRecords(bytes)]
    for (let at = last!.at; at < bytes.length; at++) {
      const { records, torn } = read([flipped(bytes, at, at % 8)])
      expect(records).toEqual(written.slice(0, 2))
      expect(torn).toEqual({ segment: 0, fromByte: last!.at, bytes: bytes.length - last!.at })
    }
  })

  test('says which events and envelopes are concerned', async () => {
    const folder = await threeSegments()
    const bytes = await readFile(segment(folder, 0))
    await writeFile(segment(folder, 0), flipped(bytes, 60, 3))
    await expect(openLog(folder)).rejects.toThrow('events from offset 0 on')
  })

  test('leaves every file as it was', async () => {
    const folder = await threeSegments()
    const rotten = flipped(await readFile(segment(folder, 1)), 40, 1)
    await writeFile(segment(folder, 1), rotten)
    await expect(openLog(folder)).rejects.toThrow(CannotRecover)
    expect(await readFile(segment(folder, 1))).toEqual(rotten)
  })
})

describe('a torn flush', () => {
  test('whose pages came to the disk in any order is cut off: sound records of the same flush prove nothing', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 6 }), fc.nat(), fc.boolean(), (count, place, isZeroed) => {
        const before = encoded([beginning(), closing(1)])
        const flush = Array.from({ length: count }, (_, index) => closing(index + 2))
        const torn = encodedAtOnce(flush, 2)
        const [hole, ...rest] = [...soundRecords(torn)].slice(place % (count - 1))
        expect(rest.length).toBeGreaterThan(0)
        if (isZeroed) torn.fill(0, hole!.at, hole!.endsAt)
        else torn[hole!.at + 30]! ^= 1
        const { records, torn: cutOff } = read([Buffer.concat([before, torn])])
        expect(records).toEqual([beginning(), closing(1), ...flush.slice(0, place % (count - 1))])
        expect(cutOff?.fromByte).toBe(before.length + hole!.at)
      }),
    )
  })

  test('with anything of a later flush behind it is damage', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.nat(), (count, place) => {
        const first = encodedAtOnce(
          Array.from({ length: count }, (_, index) => closing(index)),
          1,
        )
        const damaged = [...soundRecords(first)][place % count]!
        first[damaged.at + 30]! ^= 1
        const later = encodedAtOnce([closing(99)], 1 + count)
        expect(() => read([Buffer.concat([encoded([beginning()]), first, later])])).toThrow(CannotRecover)
      }),
    )
  })
})

describe('segments and checkpoint have to fit together', () => {
  test('without the newest segment the log is refused, with a checkpoint in it and without', async () => {
    const folder = await threeSegments()
    await rm(segment(folder, 2))
    await expect(openLog(folder, 2)).rejects.toThrow('000000000002.log is missing, and the checkpoint goes on')
    await expect(openLog(folder)).rejects.toThrow('the log ends before record 6')
  })

  test('a segment that the checkpoint goes on from and that lost its head is refused, not made again', async () => {
    const folder = await threeSegments()
    const bytes = await readFile(segment(folder, 2))
    await writeFile(segment(folder, 2), flipped(bytes, 3, 0))
    await expect(openLog(folder, 2)).rejects.toThrow('000000000002.log is damaged at byte 0')
    await truncate(segment(folder, 2), 0)
    await expect(openLog(folder, 2)).rejects.toThrow('000000000002.log is damaged at byte 0')
  })

  test('a segment in the middle may not be missing', async () => {
    const folder = await threeSegments()
    await rm(segment(folder, 1))
    await expect(openLog(folder)).rejects.toThrow('000000000001.log is missing')
  })

  test('the first segment may be missing only with a checkpoint behind it', async () => {
    const folder = await threeSegments()
    await rm(segment(folder, 0))
    await expect(openLog(folder)).rejects.toThrow('000000000000.log is missing')
    const { log } = await openLog(folder, 1)
    await log.close()
  })

  test('a segment of another log is refused', async () => {
    const [folder, other] = [await threeSegments(), await newFolder()]
    const { log } = await openLog(other)
    await log.append([closing(7)])
    log.roll()
    await log.append([closing(8)])
    await log.close()
    await cp(segment(other, 1), segment(folder, 1))
    await expect(openLog(folder)).rejects.toThrow('000000000001.log')
  })

  test('an end that is missing at the border of a record is noticed', async () => {
    const folder = await threeSegments()
    const [, , third] = [...soundRecords(await readFile(segment(folder, 2)))]
    await truncate(segment(folder, 2), third!.at)
    await expect(openLog(folder)).rejects.toThrow('the log ends before record')
  })

  test('a mark that is missing or unreadable is passed over: the log is whole', async () => {
    const folder = await threeSegments()
    await writeFile(`${folder}.mark`, 'rubbish')
    const { records, log } = await openLog(folder)
    expect(records.filter(({ type }) => type === 'request')).toHaveLength(3)
    await log.close()
  })
})

describe('a data folder of version 0.1.0', () => {
  const kept = join(__dirname, 'kept', 'data-0.1.0')
  const copy = async () => {
    const folder = await newFolder()
    await cp(kept, folder, { recursive: true })
    return folder
  }

  test('still starts, with its windows, answers and open events, and goes on in a segment of today', async () => {
    const { post, windows, folder, stop } = await start({ folder: await copy() })
    const ends = (await windows(3)).map(({ end }) => (end - T0) / 1_000)
    expect(ends).toEqual([10, 20, 30])
    const repeated = await post(event('d', 45, 6), { 'idempotency-key': 'four' })
    expect(repeated.json()).toMatchObject({ accepted: 1 })
    await post([event('d', 46, 1), event('e', 70, 1)].join('\n'))
    expect((await windows(4)).at(-1)?.rows).toEqual([{ key: 'd', n: 2, total: 7 }])
    await stop()
    const again = await start({ folder })
    expect(await again.windows(4)).toHaveLength(4)
  })

  test('with a flipped byte before its last record is refused', async () => {
    const folder = await copy()
    const path = segment(join(folder, 'log'), 1)
    await writeFile(path, flipped(await readFile(path), 300, 2))
    await expect(start({ folder })).rejects.toThrow('000000000001.log is damaged at byte')
  })
})
