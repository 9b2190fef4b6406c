import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import { DataInUse, isHeld, LOCK_FILE, lockData } from '../../../edge-node/disk/data-lock'
import { DiskSpace } from '../../../edge-node/disk/disk-space'
import { systemClock } from '../../../edge-node/observe/clock'
import { emptyRunFolder } from '../../../scripts/start/run-folder'
import { event, testNodes } from '../../support/fixture'
import { temporaryFolders } from '../../support/temporary-folder'

const newFolder = temporaryFolders()
const { start } = testNodes()
const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

/** Starts processes that ask for the folder at once; resolves with what each got. */
async function ask(
  folder: string,
  processes: number,
): Promise<{ readonly child: ChildProcess; readonly got: string }[]> {
  const asking = Array.from({ length: processes }, async () => {
    const child = fork(join(__dirname, 'lock-holder.ts'), [folder], { execArgv: ['--import', 'tsx'] })
    children.push(child)
    child.unref()
    const [got] = await once(child, 'message')
    return { child, got: String(got) }
  })
  return Promise.all(asking)
}

describe('a data folder', () => {
  test('is held by one of the processes that ask for it at once, also after that one was killed', async () => {
    const folder = await newFolder()
    for (let round = 0; round < 3; round++) {
      const all = await ask(folder, 8)
      expect(all.map(({ got }) => got).sort()).toEqual([...Array(7).fill('data_in_use'), 'held'])
      const { child } = all.find(({ got }) => got === 'held')!
      child.kill('SIGKILL')
      await once(child, 'exit')
      expect(await isHeld(folder)).toBe(false)
    }
  }, 60_000)

  test('is held by one within a process, too', async () => {
    const folder = await newFolder()
    const locks = await Promise.allSettled(Array.from({ length: 20 }, () => lockData(folder)))
    const held = locks.filter(({ status }) => status === 'fulfilled')
    expect(held).toHaveLength(1)
    for (const lock of locks) if (lock.status === 'fulfilled') await lock.value.release()
    await (await lockData(folder)).release()
  })

  test('can be looked at without being taken, by many and while somebody starts', async () => {
    const folder = await newFolder()
    const looks = Array.from({ length: 50 }, () => isHeld(folder))
    const lock = await lockData(folder)
    await Promise.all(looks)
    expect(await isHeld(folder)).toBe(true)
    await lock.release()
    expect(await isHeld(folder)).toBe(false)
  })

  test('that a node of version 0.1.0 works on is held, and what such a one left behind is removed', async () => {
    const folder = await newFolder()
    const server = createServer().unref().listen(join(folder, 'lock'))
    await once(server, 'listening')
    await expect(lockData(folder)).rejects.toBeInstanceOf(DataInUse)
    expect(await isHeld(folder)).toBe(true)
    server.close()
    await once(server, 'close')
    await writeFile(join(folder, 'lock'), '')
    await (await lockData(folder)).release()
    expect(await readdir(folder)).toEqual([LOCK_FILE])
  })

  test('no longer stands when it was removed, moved or replaced', async () => {
    const [removed, moved, replaced] = [await newFolder(), await newFolder(), await newFolder()]
    const locks = await Promise.all([removed, moved, replaced].map(lockData))
    expect(await Promise.all(locks.map((lock) => lock.stands()))).toEqual([true, true, true])
    await rm(removed, { recursive: true })
    await rename(moved, `${moved}-elsewhere`)
    await rm(join(replaced, LOCK_FILE))
    const other = await lockData(replaced)
    expect(await Promise.all(locks.map((lock) => lock.stands()))).toEqual([false, false, false])
    for (const lock of [...locks, other]) await lock.release()
  })
})

describe('a node whose folder vanishes', () => {
  test('is noticed, and that never ends', async () => {
    const folder = await newFolder()
    const lock = await lockData(folder)
    const space = new DiskSpace(folder, 0, systemClock, lock.stands)
    await space.start()
    expect(space.isGone).toBe(false)
    await rm(folder, { recursive: true })
    await space.start()
    await (await lockData(folder)).release()
    await space.start()
    space.stop()
    expect(space.isGone).toBe(true)
    await lock.release()
  })

  test('accepts nothing more, and says why and what to do', async () => {
    const { post, diskSpace, app } = await start()
    expect((await post(event('a', 1))).statusCode).toBe(202)
    diskSpace.isGone = true
    const answer = await post(event('a', 2))
    expect([answer.statusCode, answer.json().message]).toEqual([
      503,
      expect.stringMatching(/the data folder was removed or replaced under the node; stop it.*nothing was accepted/),
    ])
    expect((await app.inject('/readyz')).statusCode).toBe(503)
  })
})

describe('a second run on the folder of one that goes on', () => {
  test('is refused, and leaves every file as it was', async () => {
    const folder = await newFolder()
    const first = await emptyRunFolder(folder)
    await writeFile(join(folder, 'report'), 'mine')
    await expect(emptyRunFolder(folder)).rejects.toThrow('another run works on')
    expect(await readFile(join(folder, 'report'), 'utf8')).toBe('mine')
    await first.release()
    const next = await emptyRunFolder(folder)
    expect(await readdir(folder)).not.toContain('report')
    await next.release()
  })

  test('is refused while just the edge node of the first lives', async () => {
    const folder = await newFolder()
    await (await emptyRunFolder(folder)).release()
    const edge = await lockData(join(folder, 'edge'))
    await expect(emptyRunFolder(folder)).rejects.toThrow('give this one a --data-dir and a --port of its own')
    expect(await edge.stands()).toBe(true)
    await edge.release()
  })

  test('does not touch a folder that no run has made', async () => {
    const folder = await newFolder()
    await writeFile(join(folder, 'thesis.txt'), 'mine')
    await expect(emptyRunFolder(folder)).rejects.toThrow('is not from an earlier run')
    expect(await readdir(folder)).toEqual(['thesis.txt'])
  })
})
