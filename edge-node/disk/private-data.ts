import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { chmod, lstat, readdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Logger } from 'pino'
import { makeFolder } from './data-unusable'

const OTHERS = 0o077 // all that a group and everybody else may do
/** What a node keeps. A folder that holds anything else was not made for it, and is not ours to close. */
const OURS = [
  'bundles',
  'log',
  'log.mark',
  'checkpoints',
  'results',
  'finals',
  'keys',
  'dead-letters',
  'deployment.json',
  'cloud-capacity.json',
  'corrections',
  'corrections.ndjson',
  'replays',
  'replays.ndjson',
  'fold-notes.ndjson',
  'node.lock',
  'lock',
]

/** The data directory is somebody else's. Not retryable. */
export class DataNotPrivate extends Error {
  readonly code = 'data_not_private'
  readonly retryable = false
}

/** What the privacy of a folder is: `open` when others may enter it, `foreign` when another user owns it. */
export async function privacyOf(folder: string): Promise<'private' | 'open' | 'foreign' | 'absent'> {
  const found = await stat(folder).catch(() => null)
  if (found === null) return 'absent'
  const own = process.getuid?.()
  if (own === undefined) return 'private' // a system without such modes
  if (found.uid !== own && own !== 0) return 'foreign'
  return (found.mode & OTHERS) === 0 ? 'private' : 'open'
}

/**
 * Makes a data directory private to its owner: events lie in it. One that others could enter is closed with all that is
 * in it, with a warning. Rejects with DataNotPrivate when it is another user's, or was made for something else.
 */
export async function keepPrivate(folder: string, logger: Logger): Promise<void> {
  await makeFolder(folder)
  const privacy = await privacyOf(folder)
  if (privacy === 'foreign') refuse(`${resolve(folder)} belongs to another user; chown it`)
  if (privacy !== 'open') return
  const alien = (await readdir(folder)).find((name) => !OURS.includes(name.replace(/\.new$/, '')))
  if (alien !== undefined) refuse(`others can enter ${resolve(folder)}, and it holds ${alien}, not ours; chmod 700 it`)
  await chmod(folder, 0o700) // first: nobody comes in while the rest is closed
  logger.warn({ folder, closed: await closeBelow(folder) }, 'others could read the data directory; it is closed now')
}

function refuse(reason: string): never {
  throw new DataNotPrivate(`${reason}, or choose another --data-dir`)
}

/**
 * Takes away from others what they may do with anything in a folder. Links are left alone. Returns how many were open.
 */
async function closeBelow(folder: string): Promise<number> {
  let closed = 0
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    const found = await lstat(path)
    if (!found.isFile() && !found.isDirectory()) continue
    if ((found.mode & OTHERS) !== 0) {
      await chmod(path, found.mode & 0o700)
      closed += 1
    }
    if (found.isDirectory()) closed += await closeBelow(path)
  }
  return closed
}

const MAX_BYTES = 1024 * 1024 // keys and tokens take some kilobytes

/** Bits of others that a secret must not have: nobody but its owner, or nobody but its owner and a group. */
export type Privacy = 'owner' | 'owner and group'
const FORBIDDEN: Readonly<Record<Privacy, number>> = { owner: 0o077, 'owner and group': 0o027 }

/** Why a file with a secret is not used, in words that can follow its name. */
export class NotPrivate extends Error {}

/**
 * Reads a file that holds a secret. Throws NotPrivate when others could read or change it, and what the file system
 * says.
 */
export function readPrivate(path: string, privacy: Privacy): string {
  const file = openSync(path, 'r')
  try {
    const { mode, size, uid } = fstatSync(file)
    const own = process.getuid?.()
    if (own !== undefined && uid !== own && uid !== 0) throw new NotPrivate('belongs to another user: chown it')
    // As Kubernetes mounts a secret: it is root's, and the group of the process may read it.
    const forbidden = uid === 0 && own !== 0 ? FORBIDDEN['owner and group'] : FORBIDDEN[privacy]
    if (own !== undefined && (mode & forbidden) !== 0)
      throw new NotPrivate(`can be read or changed by others (mode ${(mode & 0o777).toString(8)}): chmod 600`)
    if (size > MAX_BYTES) throw new NotPrivate(`has ${size} bytes; at most ${MAX_BYTES} are read`)
    return readFileSync(file, 'utf8')
  } finally {
    closeSync(file)
  }
}
