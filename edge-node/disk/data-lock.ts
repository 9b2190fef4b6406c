import { type FileHandle, open, rm, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { join, relative, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { tryLock } from 'fs-native-extensions'
import { dataUnusable, makeFolder, tryToWrite } from './data-unusable'

const TRIES = 5 // somebody who only looks whether the folder is held has the lock for a moment
const TRY_EVERY_MS = 20
export const LOCK_FILE = 'node.lock'
const TRIAL_FILE = `${LOCK_FILE}.new`

/** Another process works on the data directory. Retry when it has ended. */
export class DataInUse extends Error {
  readonly code = 'data_in_use'
  readonly retryable = true
}

/** The data directory cannot be locked where it lies. Not retryable. */
export class CannotLock extends Error {
  readonly code = 'cannot_lock'
  readonly retryable = false
}

/** A data directory that this process holds. */
export interface DataLock {
  /** Whether the folder is still the one that was locked: not removed, moved or replaced. */
  stands(): Promise<boolean>
  release(): Promise<void>
}

/**
 * Holds a data directory for this process by an advisory lock of the operating system on a file in it. The kernel lets
 * go of it when the process ends, however that ended, and gives it to one of those who ask at once. The file stays: to
 * remove it would let two hold a lock of the same name. Rejects with DataInUse, CannotLock or
 * DataUnusable.
 */
export async function lockData(folder: string): Promise<DataLock> {
  return hold(folder).catch((error: unknown) => {
    throw dataUnusable(error, folder)
  })
}

async function hold(folder: string): Promise<DataLock> {
  await makeFolder(folder)
  const path = join(folder, LOCK_FILE)
  const handle = await locked(folder, await open(path, 'a+', 0o600))
  try {
    // Whoever emptied the folder between the opening and the lock has made another file of that name, or none.
    if (!(await isFileAt(handle, path)) || (await isHeldByOlder(folder))) throw inUse(folder)
    await rm(oldSocket(folder), { force: true })
    await tryToWrite(folder, TRIAL_FILE)
  } catch (error) {
    await handle.close()
    throw error
  }
  return { stands: () => isFileAt(handle, path), release: () => handle.close() }
}

/** Whether a process holds a data directory; changes nothing. */
export async function isHeld(folder: string): Promise<boolean> {
  const handle = await open(join(folder, LOCK_FILE), 'r').catch(() => null)
  try {
    if (handle !== null && !tryLock(handle.fd, { shared: true })) return true
  } finally {
    await handle?.close()
  }
  return isHeldByOlder(folder)
}

async function locked(folder: string, handle: FileHandle): Promise<FileHandle> {
  try {
    for (let tried = 1; !tryLock(handle.fd); tried++) {
      if (tried === TRIES) throw inUse(folder)
      await sleep(TRY_EVERY_MS)
    }
    return handle
  } catch (error) {
    await handle.close()
    if (error instanceof DataInUse) throw error
    throw new CannotLock(
      `${resolve(folder)} cannot be locked (${error instanceof Error ? error.message : error}); choose a --data-dir on a disk of this machine`,
    )
  }
}

async function isFileAt(handle: FileHandle, path: string): Promise<boolean> {
  const [held, found] = await Promise.all([handle.stat(), stat(path).catch(() => null)])
  return found !== null && found.ino === held.ino && found.dev === held.dev
}

const inUse = (folder: string) =>
  new DataInUse(`another process works on ${resolve(folder)}; stop it, or choose another --data-dir`)

/** Version 0.1.0 listened on a socket in the folder instead. */
async function isHeldByOlder(folder: string): Promise<boolean> {
  const socket = connect(oldSocket(folder))
  return new Promise((settle) => {
    socket.once('connect', () => settle(true))
    socket.once('error', () => settle(false))
  }).finally(() => socket.destroy()) as Promise<boolean>
}

const MAX_SOCKET_PATH = 100 // systems take 104 to 108 bytes

function oldSocket(folder: string): string {
  const absolute = join(resolve(folder), 'lock')
  return [absolute, relative(process.cwd(), absolute)].find((path) => path.length <= MAX_SOCKET_PATH) ?? absolute
}
