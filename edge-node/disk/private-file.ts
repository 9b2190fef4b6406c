import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'

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
