import { once } from 'node:events'
import { createServer } from 'node:net'

const HOST = '127.0.0.1' // where the edge node listens

/** A port that something listens on. Retry when that has ended. */
export class PortTaken extends Error {
  readonly code = 'port_taken'
  readonly retryable = true
}

/** Looks whether a port can be had, before anything is started that would then be in vain. Rejects with PortTaken. */
export async function ensureFree(port: number): Promise<void> {
  const server = createServer().listen(port, HOST)
  try {
    await once(server, 'listening')
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EADDRINUSE' ? taken(port) : error
  }
  server.close()
  await once(server, 'close')
}

const taken = (port: number) =>
  new PortTaken(
    `something listens on port ${port} already, such as another spillway start; stop it, or give this one a --port (0 takes a free one) and a --data-dir of its own`,
  )
