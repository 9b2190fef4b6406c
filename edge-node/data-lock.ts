import { once } from 'node:events'
import { mkdir, rm } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join, relative, resolve } from 'node:path'

const MAX_SOCKET_PATH = 100 // systems take 104 to 108 bytes

/** Another process works on the data directory. Retry when it has ended. */
export class DataInUse extends Error {
  readonly code = 'data_in_use'
  readonly retryable = true
}

/**
 * Holds a data directory for this process: a socket in it that somebody listens on. Unlike a file with a process id it cannot outlive its owner, however
 * that ended, and it works across containers that share the directory. Rejects with DataInUse. Returns how to let go.
 */
export async function lockData(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const path = socketPath(folder)
  for (;;) {
    const server = await listen(path)
    if (server !== null) return () => release(server)
    if (await answers(path)) {
      throw new DataInUse(`another edge node works on ${resolve(folder)}; stop it, or choose another --data-dir`)
    }
    await rm(path, { force: true }) // its owner is gone
  }
}

/** Whether a process holds a data directory; changes nothing. */
export const isHeld = (folder: string): Promise<boolean> => answers(socketPath(folder))

function socketPath(folder: string): string {
  const absolute = join(resolve(folder), 'lock')
  const short = [absolute, relative(process.cwd(), absolute)].find((path) => path.length <= MAX_SOCKET_PATH)
  if (short === undefined)
    throw new DataInUse(`the path ${absolute} is too long for a lock; choose a shorter --data-dir`)
  return short
}

async function listen(path: string): Promise<Server | null> {
  const server = createServer((socket) => socket.end())
  server.listen(path)
  try {
    await once(server, 'listening')
    server.unref()
    return server
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return null
    throw error
  }
}

async function answers(path: string): Promise<boolean> {
  const socket = connect(path)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

async function release(server: Server): Promise<void> {
  server.close() // removes the socket
  await once(server, 'close')
}
