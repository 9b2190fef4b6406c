import { mkdir, open, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'

/** The data directory cannot be made, read or written. Whether to retry depends on why. */
export class DataUnusable extends Error {
  readonly code = 'data_unusable'

  constructor(
    message: string,
    readonly retryable: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

interface Trouble {
  readonly says: string
  readonly advice: string
  readonly retryable?: boolean
}

const ELSEWHERE = 'choose another --data-dir'
const RIGHTS = `chown or chmod it, or the folder above it, or ${ELSEWHERE}`
const ROOM = `make room on its disk, or ${ELSEWHERE}`

const FILE_IN_THE_WAY: Trouble = {
  says: 'there is a file where a folder has to be',
  advice: `move it away, or ${ELSEWHERE}`,
}

/** What a file system may have against a folder, by the code of its error. */
const TROUBLES: Readonly<Record<string, Trouble>> = {
  ENOTDIR: FILE_IN_THE_WAY,
  EEXIST: FILE_IN_THE_WAY,
  EISDIR: { says: 'there is a folder where a file has to be', advice: `move it away, or ${ELSEWHERE}` },
  ENOENT: { says: 'nothing can be made there', advice: ELSEWHERE },
  EACCES: { says: 'this user may not', advice: RIGHTS },
  EPERM: { says: 'this user may not', advice: RIGHTS },
  EROFS: { says: 'its disk can only be read', advice: ELSEWHERE },
  ENAMETOOLONG: { says: 'the name is too long', advice: ELSEWHERE },
  ELOOP: { says: 'its links lead nowhere', advice: ELSEWHERE },
  ENOSPC: { says: 'its disk is full', advice: ROOM, retryable: true },
  EDQUOT: { says: 'the quota of this user is used up', advice: ROOM, retryable: true },
  EIO: { says: 'its disk fails', advice: `look at the disk, or ${ELSEWHERE}`, retryable: true },
}

/**
 * Calls whose errors name no path. A start writes the log, the checkpoints and the results, so one of those is meant.
 */
const WRITES = ['write', 'writev', 'fsync', 'fdatasync', 'ftruncate']

/** What a start makes of an error of the file system in its data directory; anything else stays what it is. */
export function dataUnusable(error: unknown, folder: string): unknown {
  const { code, path, syscall } = error as NodeJS.ErrnoException
  const trouble = TROUBLES[code ?? '']
  const place = path ?? (WRITES.includes(syscall ?? '') ? folder : undefined)
  if (trouble === undefined || place === undefined || !isWithin(place, folder)) return error
  const { says, advice, retryable = false } = trouble
  const message = `${resolve(place)} cannot be used for data: ${says} (${code}); ${advice}`
  return new DataUnusable(message, retryable, { cause: error })
}

/** Of a folder that is to be made, those above it count. */
function isWithin(place: string, folder: string): boolean {
  const [inner, outer] = [`${resolve(place)}/`, `${resolve(folder)}/`]
  return inner.startsWith(outer) || outer.startsWith(inner)
}

/**
 * Makes a folder and those above it, one by one. With `recursive`, Node never answers where nobody may make a folder,
 * as in /proc.
 */
export async function makeFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch(absent)
  if (found?.isDirectory()) return
  if (found !== null) throw Object.assign(new Error(), { code: 'ENOTDIR', syscall: 'mkdir', path: folder })
  await makeFolder(dirname(resolve(folder)))
  await mkdir(folder, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error // somebody else has made it meanwhile
  })
}

/** Below a file there is nothing either: the file is then found on the way up. */
function absent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
  throw error
}

/** Writes something into a folder and takes it away again. Rejects with what the file system has against it. */
export async function tryToWrite(folder: string, name: string): Promise<void> {
  const path = join(folder, name)
  const file = await open(path, 'w', 0o600)
  try {
    await file.write('x')
    await file.sync()
  } finally {
    await file.close()
    await rm(path, { force: true })
  }
}
