import { type FileHandle, mkdir, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, jest } from '@jest/globals'
import { Gate } from './eventually'

/** Makes folders that are gone when the test file is through. Called at the top of a test file. */
export function temporaryFolders(): () => Promise<string> {
  const made: string[] = []
  afterAll(async () => {
    for (const folder of made) await rm(folder, { recursive: true, force: true })
  })
  return async () => {
    const parent = await mkdtemp(join(tmpdir(), 'spillway-test-'))
    made.push(parent)
    const folder = join(parent, 'data') // with room beside it, as for the mark of a log
    await mkdir(folder, { mode: 0o700 })
    return folder
  }
}

// What is spied on here is undone by `jest.restoreAllMocks`.

/** The methods that every file handle of this process shares: a test that spies on them decides what the disk does. */
export async function fileHandles(): Promise<FileHandle> {
  const handle = await open('/dev/null', 'r')
  await handle.close()
  return Object.getPrototypeOf(handle)
}

/** From now on nothing can be written by `FileHandle.write`, as on a full disk. */
export async function fillDisk(): Promise<void> {
  jest.spyOn(await fileHandles(), 'write').mockRejectedValue(new Error('ENOSPC: no space left on device, write'))
}

/** The next sync of a file waits at the gate. */
export async function holdNextSync(): Promise<Gate> {
  const handles = await fileHandles()
  const sync = handles.datasync
  const gate = new Gate()
  jest.spyOn(handles, 'datasync').mockImplementationOnce(async function (this: typeof handles) {
    await gate.pass()
    await sync.call(this)
  })
  return gate
}
