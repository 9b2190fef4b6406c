import { execFile, spawnSync } from 'node:child_process'
import { mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Stage } from '../stage'

const MiB = 1024 * 1024
const JUNK = Buffer.alloc(MiB)
const SMALLEST_WRITE_BYTES = 512

/**
 * Mounts a small file system of its own at `folder` until the stage closes. Null when that works; else why it does not.
 */
export async function mountSmallDisk(stage: Stage, folder: string, bytes: number): Promise<string | null> {
  if (process.platform !== 'linux') return `a file system of its own needs tmpfs, which ${process.platform} has not`
  await mkdir(folder, { recursive: true })
  const owner = `uid=${process.getuid?.()},gid=${process.getgid?.()},mode=700`
  const [program, ...args] = asRoot('mount', '-t', 'tmpfs', '-o', `size=${bytes},${owner}`, 'tmpfs', folder)
  try {
    await promisify(execFile)(program, args)
  } catch (error) {
    const { stderr = String(error) } = error as { stderr?: string }
    return `a tmpfs cannot be mounted, which needs root or sudo without a password (${stderr.trim().split('\n')[0]})`
  }
  const unmount = () => {
    const [umount, ...rest] = asRoot('umount', '-l', folder) // lazily: whoever still has a file open must not keep it
    spawnSync(umount, rest)
  }
  process.once('exit', unmount)
  stage.undo(() => {
    process.off('exit', unmount)
    unmount()
  })
  return null
}

function asRoot(...command: [string, ...string[]]): [string, ...string[]] {
  return process.getuid?.() === 0 ? command : ['sudo', '-n', ...command]
}

/** Fills what is left of the disk with one file; resolves with its size in bytes. */
export async function fillDisk(folder: string): Promise<number> {
  const file = await open(junkFile(folder), 'w')
  let bytes = 0
  try {
    for (let size = JUNK.length; size >= SMALLEST_WRITE_BYTES; ) {
      const written = await file.write(JUNK, 0, size).then(
        ({ bytesWritten }) => bytesWritten,
        (error: NodeJS.ErrnoException) => {
          if (error.code === 'ENOSPC') return 0
          throw error
        },
      )
      bytes += written
      if (written < size) size /= 2
    }
  } finally {
    await file.close()
  }
  return bytes
}

/** Gives the room back. */
export async function freeDisk(folder: string): Promise<void> {
  await rm(junkFile(folder))
}

const junkFile = (folder: string) => join(folder, 'junk')
