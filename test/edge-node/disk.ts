import type { FileHandle } from 'node:fs/promises'
import { open } from 'node:fs/promises'
import { jest } from '@jest/globals'
import { Gate } from './gate'

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
