import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, jest, test } from '@jest/globals'
import type { LogRecord } from '../../core/log-record'
import { DurableLog, LogFailed } from '../../edge-node/log'
import { decodeRecords, encodeRecord } from '../../edge-node/log-codec'
import { fileHandles, fillDisk } from './disk'
import { eventually } from './eventually'
import { Gate } from './gate'
import { requestOf } from './log-records'
import { temporaryFolders } from './temporary-folder'

const newFolder = temporaryFolders()
afterEach(() => {
  jest.restoreAllMocks()
})

const record = (number: number): LogRecord => ({ type: 'closing', horizonMs: number })
const first = (folder: string) => join(folder, '000000000000.log')
const onDisk = async (folder: string) => decodeRecords(await readFile(first(folder))).records

/** The next sync of a file waits at the gate. */
async function holdNextSync(): Promise<Gate> {
  const handles = await fileHandles()
  const sync = handles.datasync
  const gate = new Gate()
  jest.spyOn(handles, 'datasync').mockImplementationOnce(async function (this: typeof handles) {
    await gate.pass()
    await sync.call(this)
  })
  return gate
}

describe('appending', () => {
  test('what has been appended is on disk, in the order of the calls', async () => {
    const folder = await newFolder()
    const { log } = await DurableLog.open(folder)
    await log.append([record(1)])
    expect(await onDisk(folder)).toEqual([record(1)])
    await Promise.all([log.append([record(2), record(3)]), log.append([record(4)]), log.append([record(5)])])
    expect(await onDisk(folder)).toEqual([1, 2, 3, 4, 5].map(record))
    await log.close()
  })

  test('does not resolve before the sync', async () => {
    const { log } = await DurableLog.open(await newFolder())
    const gate = await holdNextSync()
    let durable = false
    const appended = log.append([record(1)]).then(() => {
      durable = true
    })
    await eventually(() => expect(gate.waiting).toBe(1))
    expect(durable).toBe(false)
    gate.open()
    await appended
    await log.close()
  })

  test('what comes during a flush goes out together in the next one', async () => {
    const folder = await newFolder()
    const { log } = await DurableLog.open(folder)
    const gate = await holdNextSync()
    const write = jest.spyOn(await fileHandles(), 'write')
    const appended = [log.append([record(1)])]
    await eventually(() => expect(gate.waiting).toBe(1))
    for (const number of [2, 3, 4]) appended.push(log.append([record(number)]))
    expect(write).toHaveBeenCalledTimes(1)
    gate.open()
    await Promise.all(appended)
    expect(write).toHaveBeenCalledTimes(2)
    expect(await onDisk(folder)).toEqual([1, 2, 3, 4].map(record))
    await log.close()
  })

  test('a write that takes only a part is carried on', async () => {
    const folder = await newFolder()
    const { log } = await DurableLog.open(folder)
    const handles = await fileHandles()
    const write = handles.write as (bytes: Buffer, at: number, length?: number) => Promise<{ bytesWritten: number }>
    jest.spyOn(handles, 'write').mockImplementation(function (this: typeof handles, bytes: unknown, at: unknown) {
      return write.call(this, bytes as Buffer, at as number, 1) as ReturnType<typeof handles.write>
    } as typeof handles.write)
    await log.append([record(1), record(2)])
    expect(await onDisk(folder)).toEqual([1, 2].map(record))
    await log.close()
  })
})

describe('opening', () => {
  test('an absent folder is made and holds nothing', async () => {
    const { log, records, tornBytes } = await DurableLog.open(join(await newFolder(), 'data', 'log'))
    expect({ records, tornBytes }).toEqual({ records: [], tornBytes: 0 })
    await log.close()
  })

  test('again gives the records back and goes on after them', async () => {
    const folder = await newFolder()
    const { log } = await DurableLog.open(folder)
    await log.append([record(1), requestOf(['{"ü":1}', 'x'])])
    await log.close()
    const again = await DurableLog.open(folder)
    expect(again.records).toEqual([record(1), requestOf(['{"ü":1}', 'x'])])
    await again.log.append([record(2)])
    await again.log.close()
    expect((await onDisk(folder)).length).toBe(3)
  })

  test('cuts a torn tail off, tells its length, and appends after the sound part', async () => {
    const folder = await newFolder()
    const torn = encodeRecord(record(2)).subarray(0, -1)
    await writeFile(first(folder), Buffer.concat([encodeRecord(record(1)), torn]))
    const { log, records, tornBytes } = await DurableLog.open(folder)
    expect({ records, tornBytes }).toEqual({ records: [record(1)], tornBytes: torn.length })
    await log.append([record(3)])
    await log.close()
    expect(await onDisk(folder)).toEqual([record(1), record(3)])
  })

  test('reads the segments in order and goes on in the last', async () => {
    const folder = await newFolder()
    await writeFile(join(folder, '000000000001.log'), encodeRecord(record(2)))
    await writeFile(first(folder), encodeRecord(record(1)))
    const { log, records } = await DurableLog.open(folder)
    expect(records).toEqual([record(1), record(2)])
    await log.append([record(3)])
    await log.close()
    expect((await readFile(join(folder, '000000000001.log'))).length).toBe(2 * encodeRecord(record(2)).length)
  })

  test('refuses a damaged segment before the last, and names it and the place', async () => {
    const folder = await newFolder()
    const sound = encodeRecord(record(1))
    await writeFile(first(folder), Buffer.concat([sound, sound.subarray(0, -1)]))
    await writeFile(join(folder, '000000000001.log'), encodeRecord(record(2)))
    const opening = DurableLog.open(folder)
    await expect(opening).rejects.toBeInstanceOf(LogFailed)
    await expect(opening).rejects.toThrow(`${first(folder)} is damaged at byte ${sound.length}`)
    expect((await readFile(first(folder))).length).toBe(2 * sound.length - 1)
  })

  test('other files in the folder do not matter', async () => {
    const folder = await newFolder()
    await writeFile(join(folder, 'note.txt'), 'mine')
    await mkdir(join(folder, 'old'))
    const { log, records } = await DurableLog.open(folder)
    expect(records).toEqual([])
    await log.close()
  })

  test('a full segment is followed by the next one, and both are read', async () => {
    const folder = await newFolder()
    const { log } = await DurableLog.open(folder)
    await log.append([requestOf(['x'.repeat(64 * 1024 * 1024)])])
    await log.append([record(2)])
    await log.close()
    expect((await readdir(folder)).sort()).toEqual(['000000000000.log', '000000000001.log'])
    const again = await DurableLog.open(folder)
    expect(again.records.map(({ type }) => type)).toEqual(['request', 'closing'])
    await again.log.close()
  })
})

describe('a disk that fails', () => {
  test('everyone who waits is told, also those of the next flush', async () => {
    const { log } = await DurableLog.open(await newFolder())
    const gate = new Gate()
    jest.spyOn(await fileHandles(), 'datasync').mockImplementationOnce(async () => {
      await gate.pass()
      throw new Error('EIO: i/o error, fdatasync')
    })
    const appended = [log.append([record(1)]), log.append([record(2)])]
    await eventually(() => expect(gate.waiting).toBe(1))
    appended.push(log.append([record(3)]), log.flushed())
    const write = jest.spyOn(await fileHandles(), 'write')
    gate.open()
    for (const { reason } of (await Promise.allSettled(appended)) as PromiseRejectedResult[]) {
      expect(reason).toBeInstanceOf(LogFailed)
      expect(reason.message).toContain('EIO')
    }
    expect(write).not.toHaveBeenCalled()
    await expect(log.close()).rejects.toBeInstanceOf(LogFailed)
  })

  test('the log is unhealthy from then on and takes nothing more, also when the disk is well again', async () => {
    const folder = await newFolder()
    const { log } = await DurableLog.open(folder)
    await log.append([record(1)])
    expect(log.healthy).toBe(true)
    await fillDisk()
    await expect(log.append([record(2)])).rejects.toMatchObject({ code: 'log_failed', retryable: true })
    jest.restoreAllMocks()
    expect(log.healthy).toBe(false)
    await expect(log.append([record(3)])).rejects.toBeInstanceOf(LogFailed)
    expect(await onDisk(folder)).toEqual([record(1)])
    await expect(log.close()).rejects.toBeInstanceOf(LogFailed)
  })
})
