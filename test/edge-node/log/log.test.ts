import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, jest, test } from '@jest/globals'
import type { LogRecord } from '../../../core/protocol/log-record'
import { CannotRecover } from '../../../edge-node/disk/disk'
import { DurableLog, LogFailed } from '../../../edge-node/log/log'
import { decodeRecords } from '../../../edge-node/log/log-codec'
import { eventually, Gate } from '../../support/eventually'
import { fileHandles, fillDisk, holdNextSync, temporaryFolders } from '../../support/temporary-folder'
import { encoded, openLog, requestOf } from './log-records'

const newFolder = temporaryFolders()
afterEach(() => {
  jest.restoreAllMocks()
})

const record = (number: number): LogRecord => ({ type: 'closing', horizonMs: number })
const beginning: LogRecord = { type: 'segment', firstOffset: 0 }
const first = (folder: string) => join(folder, '000000000000.log')
const unsealed = (records: readonly LogRecord[]) => records.filter(({ type }) => type !== 'seal')
const onDisk = async (folder: string) => unsealed(decodeRecords(await readFile(first(folder))).records)
/** A segment as it was written, or torn. */
const segmentOf = (...records: LogRecord[]) => encoded([beginning, ...records])

describe('appending', () => {
  test('what has been appended is on disk, in the order of the calls', async () => {
    const folder = await newFolder()
    const { log } = await openLog(folder)
    await log.append([record(1)])
    expect(await onDisk(folder)).toEqual([beginning, record(1)])
    await Promise.all([log.append([record(2), record(3)]), log.appendNow([record(4)]), log.append([record(5)])])
    expect(await onDisk(folder)).toEqual([beginning, ...[1, 2, 3, 4, 5].map(record)])
    await log.close()
  })

  test('does not resolve before the sync', async () => {
    const { log } = await openLog(await newFolder())
    const gate = await holdNextSync()
    const durable: string[] = []
    const appended = [
      log.append([record(1)]).then(() => durable.push('append')),
      log.appendNow([record(2)]).then(() => durable.push('appendNow')),
      log.flushed().then(() => durable.push('flushed')),
    ]
    await eventually(() => expect(gate.waiting).toBe(1))
    expect(durable).toEqual([])
    gate.open()
    await Promise.all(appended)
    await log.close()
  })

  test('what comes during a flush goes out together in the next one', async () => {
    const folder = await newFolder()
    const { log } = await openLog(folder)
    const gate = await holdNextSync()
    const write = jest.spyOn(await fileHandles(), 'write')
    const appended = [log.append([record(1)])]
    await eventually(() => expect(gate.waiting).toBe(1))
    for (const number of [2, 3, 4]) appended.push(log.append([record(number)]))
    expect(write).toHaveBeenCalledTimes(1)
    gate.open()
    await Promise.all(appended)
    expect(write).toHaveBeenCalledTimes(2)
    expect(await onDisk(folder)).toEqual([beginning, ...[1, 2, 3, 4].map(record)])
    await log.close()
  })

  test('a write that takes only a part is carried on', async () => {
    const folder = await newFolder()
    const { log } = await openLog(folder)
    const handles = await fileHandles()
    const write = handles.write as (bytes: Buffer, at: number, length: number) => Promise<{ bytesWritten: number }>
    jest.spyOn(handles, 'write').mockImplementation(function (this: typeof handles, bytes: unknown, at: unknown) {
      return write.call(this, bytes as Buffer, at as number, 1) as ReturnType<typeof handles.write>
    } as typeof handles.write)
    await log.append([record(1), record(2)])
    expect(await onDisk(folder)).toEqual([beginning, record(1), record(2)])
    await log.close()
  })

  test('a closed log takes nothing more', async () => {
    const folder = await newFolder()
    const { log } = await openLog(folder)
    const appended = log.append([record(1)])
    await log.close()
    await appended
    expect(log.healthy).toBe(false)
    for (const late of [log.append([record(2)]), log.appendNow([record(2)]), log.flushed()]) {
      await expect(late).rejects.toBeInstanceOf(LogFailed)
    }
    expect(await onDisk(folder)).toEqual([beginning, record(1)])
  })
})

describe('opening', () => {
  test('an absent folder is made and holds nothing', async () => {
    const { log, records, tornBytes } = await openLog(join(await newFolder(), 'data', 'log'))
    expect({ records, tornBytes }).toEqual({ records: [], tornBytes: 0 })
    await log.close()
  })

  test('again gives the records back and goes on after them', async () => {
    const folder = await newFolder()
    const { log } = await openLog(folder)
    await log.append([record(1), requestOf(['{"ü":1}', 'x'])])
    await log.close()
    const again = await openLog(folder)
    expect(unsealed(again.records)).toEqual([beginning, record(1), requestOf(['{"ü":1}', 'x'])])
    await again.log.append([record(2)])
    await again.log.close()
    expect((await onDisk(folder)).slice(-1)).toEqual([record(2)])
  })

  test('cuts a torn tail off, tells its length, and appends after the sound part', async () => {
    const folder = await newFolder()
    const torn = encoded([record(2)], 2).subarray(0, -1)
    await writeFile(first(folder), Buffer.concat([segmentOf(record(1)), torn]))
    const { log, records, tornBytes } = await openLog(folder)
    expect({ records, tornBytes }).toEqual({ records: [beginning, record(1)], tornBytes: torn.length })
    await log.append([record(3)])
    await log.close()
    expect(await onDisk(folder)).toEqual([beginning, record(1), record(3)])
  })

  test('refuses a damaged segment before the last, and names it and the place', async () => {
    const folder = await newFolder()
    const sound = segmentOf(record(1))
    const damaged = Buffer.concat([sound, encoded([record(2)], 2).subarray(0, -1)])
    await writeFile(first(folder), damaged)
    await writeFile(join(folder, '000000000001.log'), encoded([beginning, record(3)], 2))
    const opening = openLog(folder)
    await expect(opening).rejects.toBeInstanceOf(CannotRecover)
    await expect(opening).rejects.toThrow(`${first(folder)} is damaged at byte ${sound.length}`)
    expect(await readFile(first(folder))).toEqual(damaged)
  })

  test('refuses one that is damaged at its beginning', async () => {
    const folder = await newFolder()
    const damaged = segmentOf(record(1))
    damaged[9]! ^= 1
    await writeFile(first(folder), damaged)
    await writeFile(join(folder, '000000000001.log'), segmentOf(record(2)))
    await expect(openLog(folder)).rejects.toThrow(`${first(folder)} is damaged at byte 0`)
  })

  test('other files in the folder do not matter', async () => {
    const folder = await newFolder()
    await writeFile(join(folder, 'note.txt'), 'mine')
    await mkdir(join(folder, 'old.log'))
    const { log, records } = await openLog(folder)
    expect(records).toEqual([])
    await log.close()
  })
})

describe('a log whose disk refuses', () => {
  const newFolder = temporaryFolders()
  afterEach(() => {
    jest.restoreAllMocks()
  })

  const record = (number: number): LogRecord => ({ type: 'closing', horizonMs: number })
  async function onDisk(folder: string, segment = 0) {
    const { records } = decodeRecords(await readFile(join(folder, `00000000000${segment}.log`)))
    return records.flatMap((each) => (each.type === 'closing' ? [each.horizonMs] : []))
  }

  test('those who do not want to wait are told at once, also those of the next flush, and the log is unhealthy', async () => {
    const { log } = await DurableLog.open(await newFolder())
    const gate = new Gate()
    jest.spyOn(await fileHandles(), 'datasync').mockImplementation(async () => {
      await gate.pass()
      throw new Error('EIO: i/o error, fdatasync')
    })
    const appended = [log.appendNow([record(1)]), log.appendNow([record(2)])]
    await eventually(() => expect(gate.waiting).toBe(1))
    appended.push(log.appendNow([record(3)]))
    gate.open()
    for (const { reason } of (await Promise.allSettled(appended)) as PromiseRejectedResult[]) {
      expect(reason).toBeInstanceOf(LogFailed)
      expect(reason).toMatchObject({ code: 'log_failed', retryable: true, message: expect.stringContaining('EIO') })
    }
    expect(log.healthy).toBe(false)
    await expect(log.appendNow([record(4)])).rejects.toBeInstanceOf(LogFailed)
    await log.close()
  })

  test('once there is room again, everything is written in order, those who wait are told, and the log is healthy', async () => {
    const folder = await newFolder()
    const { log } = await DurableLog.open(folder)
    await log.append([record(1)])
    await fillDisk()
    const patient = log.append([record(2)])
    await expect(log.appendNow([record(3)])).rejects.toBeInstanceOf(LogFailed)
    const flushed = log.flushed()
    expect(await onDisk(folder)).toEqual([1])
    jest.restoreAllMocks()
    await Promise.all([patient, flushed])
    expect(log.healthy).toBe(true)
    await log.append([record(4)])
    expect(await onDisk(folder)).toEqual([1, 2, 3, 4])
    await log.close()
  })

  test('what a write that failed half-way has left does not stay', async () => {
    const folder = await newFolder()
    const { log } = await DurableLog.open(folder)
    await log.append([record(1)])
    const handles = await fileHandles()
    const write = handles.write as (bytes: Buffer, at: number, length: number) => Promise<{ bytesWritten: number }>
    jest.spyOn(handles, 'write').mockImplementationOnce(async function (this: typeof handles, bytes: unknown) {
      await write.call(this, bytes as Buffer, 0, 10)
      throw new Error('ENOSPC: no space left on device, write')
    } as typeof handles.write)
    await log.append([record(2)])
    expect(await onDisk(folder)).toEqual([1, 2])
    await log.close()
  })

  test('a new segment that cannot be made is made when there is room again', async () => {
    const folder = await newFolder()
    const { log } = await DurableLog.open(folder)
    await log.append([record(1)])
    jest.spyOn(await fileHandles(), 'sync').mockRejectedValueOnce(new Error('EIO: i/o error, fsync'))
    log.roll()
    await expect(log.appendNow([record(2)])).rejects.toBeInstanceOf(LogFailed)
    await log.flushed()
    expect([await onDisk(folder), await onDisk(folder, 1)]).toEqual([[1], [2]])
    await log.close()
  })

  describe('closing while the disk refuses', () => {
    test('tells those who wait and does not wait for the disk', async () => {
      const folder = await newFolder()
      const { log } = await DurableLog.open(folder)
      await log.append([record(1)])
      await fillDisk()
      const patient = [log.append([record(2)]), log.flushed()]
      await expect(log.appendNow([record(3)])).rejects.toBeInstanceOf(LogFailed)
      await log.close()
      for (const { reason } of (await Promise.allSettled(patient)) as PromiseRejectedResult[]) {
        expect(reason).toBeInstanceOf(LogFailed)
      }
      expect(await onDisk(folder)).toEqual([1])
    })

    test('ends also when the disk begins to refuse with its own flush', async () => {
      const { log } = await DurableLog.open(await newFolder())
      await log.flushed()
      await fillDisk()
      const patient = log.append([record(1)])
      const rejected = expect(patient).rejects.toBeInstanceOf(LogFailed)
      await log.close()
      await rejected
    })
  })
})
