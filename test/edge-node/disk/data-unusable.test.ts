import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { pino } from 'pino'
import { lockData } from '../../../edge-node/disk/data-lock'
import { DataUnusable, dataUnusable, makeFolder } from '../../../edge-node/disk/data-unusable'
import { keepPrivate } from '../../../edge-node/disk/private-data'
import { emptyRunFolder } from '../../../scripts/start/run-folder'
import { temporaryFolders } from '../../support/temporary-folder'

const newFolder = temporaryFolders()

/** What a start does first with its folder, and what it says of it. */
async function opening(folder: string): Promise<unknown> {
  try {
    await keepPrivate(folder, pino({ level: 'silent' }))
    await (await lockData(folder)).release()
    return 'opened'
  } catch (error) {
    return dataUnusable(error, folder)
  }
}

const refusal = (says: RegExp, retryable = false) =>
  expect.objectContaining({ code: 'data_unusable', retryable, message: expect.stringMatching(says) })

describe('a data folder that cannot be used is refused by name, with what to do', () => {
  test('a file', async () => {
    const file = join(await newFolder(), 'a-file')
    await writeFile(file, '')
    expect(await opening(file)).toEqual(refusal(/a-file cannot be used for data: there is a file .*another --data-dir/))
  })

  test('a folder below a file, which is named', async () => {
    const file = join(await newFolder(), 'a-file')
    await writeFile(file, '')
    expect(await opening(join(file, 'below', 'it'))).toEqual(refusal(/a-file cannot be used .* there is a file/))
  })

  test('a folder that holds a folder in place of a file', async () => {
    const folder = await newFolder()
    await mkdir(join(folder, 'node.lock'), { recursive: true })
    expect(await opening(folder)).toEqual(refusal(/node\.lock cannot be used .* there is a folder where a file/))
  })

  test('a folder that holds a file in place of a folder', async () => {
    const folder = await newFolder()
    await writeFile(join(folder, 'log'), '')
    const error = await mkdir(join(folder, 'log')).catch((reason: unknown) => reason)
    expect(dataUnusable(error, folder)).toEqual(refusal(/log cannot be used .* there is a file where a folder/))
  })

  test('a name that is too long', async () => {
    expect(await opening(join(await newFolder(), 'x'.repeat(300)))).toEqual(refusal(/the name is too long/))
  })

  test('a link that leads to itself', async () => {
    const link = join(await newFolder(), 'link')
    await symlink(link, link)
    expect(await opening(link)).toEqual(refusal(/its links lead nowhere/))
  })

  test.each(['/proc/spillway', '/proc/spillway/below'])(
    '%s, where nobody can make one, without waiting',
    async (path) => {
      if (process.platform !== 'linux') return
      expect(await opening(path)).toEqual(refusal(/\/proc\/spillway cannot be used .* nothing can be made there/))
    },
  )

  test('a disk that is full, which a retry may get over', async () => {
    const error = Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', syscall: 'write' })
    expect(dataUnusable(error, '/data')).toEqual(refusal(/\/data .* its disk is full .*make room/, true))
  })

  test('also by npm start', async () => {
    const file = join(await newFolder(), 'a-file')
    await writeFile(file, '')
    await expect(emptyRunFolder(file)).rejects.toThrow(DataUnusable)
  })
})

describe('an error of a start that is not of its folder stays what it is', () => {
  const errno = (fields: object) => Object.assign(new Error('no'), fields)
  test.each([
    errno({ code: 'EACCES', syscall: 'open', path: '/elsewhere/key.pem' }),
    errno({ code: 'EACCES', syscall: 'listen', port: 80 }),
    errno({ code: 'EBADF', syscall: 'write' }),
    new Error('a bug'),
  ])('%j', (error) => {
    expect(dataUnusable(error, '/data')).toBe(error)
  })
})

test('a folder is made with those above it, and left as it is where it is there', async () => {
  const folder = join(await newFolder(), 'a', 'b')
  await Promise.all([makeFolder(folder), makeFolder(folder)])
  await writeFile(join(folder, 'kept'), '')
  expect(await opening(folder)).toBe('opened')
  expect((await readdir(folder)).sort()).toEqual(['kept', 'node.lock'])
  await rm(folder, { recursive: true })
})
