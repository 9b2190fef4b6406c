import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, jest, test } from '@jest/globals'
import type { LogRecord } from '../../../core/protocol/log-record'
import { DurableLog, LogFailed } from '../../../edge-node/log/log'
import { decodeRecords } from '../../../edge-node/log/log-codec'
import { eventually, Gate } from '../../support/eventually'
import { fileHandles, fillDisk, temporaryFolders } from '../../support/temporary-folder'

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
