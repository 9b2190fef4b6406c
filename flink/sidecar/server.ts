import { createServer, type Server, type Socket } from 'node:net'
import type { Logger } from 'pino'
import { encodeFrame, type Frame, FrameOutOfBounds, FrameReader } from './frames'
import { ANSWER, encodeRefused } from './messages'
import { Conversation, Refused, type SidecarDependencies } from './sidecar'

/** Requests of one connection that may wait for their answer; the job's own bounds are far below. */
export const MAX_REQUESTS_IN_FLIGHT = 1_024

/** Connections at once: the job has one, its controller and people a few. */
const MAX_CONNECTIONS = 64

/** Serves the sidecar's protocol. The caller lets it listen. */
export function sidecarServer(deps: SidecarDependencies, logger: Logger): Server {
  const server = createServer((socket) => {
    socket.setNoDelay(true)
    socket.on('error', (error) => logger.warn({ error: error.message }, 'a connection of the job is lost'))
    const connection = new Connection(socket, new Conversation(deps), logger)
    socket.on('data', (chunk) => connection.read(chunk as Buffer))
  })
  server.maxConnections = MAX_CONNECTIONS
  return server
}

class Connection {
  private readonly reader = new FrameReader()
  private inFlight = 0

  constructor(
    private readonly socket: Socket,
    private readonly conversation: Conversation,
    private readonly logger: Logger,
  ) {}

  read(chunk: Buffer): void {
    try {
      for (const frame of this.reader.push(chunk)) this.take(frame)
    } catch (error) {
      if (!(error instanceof FrameOutOfBounds)) throw error
      this.logger.warn({ error: error.message }, 'what follows cannot be read: the connection ends')
      this.refuse(0, new Refused(error.code, error.message, error.retryable))
      this.socket.end()
    }
  }

  private take({ id, kind, payload }: Frame): void {
    if (this.inFlight >= MAX_REQUESTS_IN_FLIGHT) {
      const message = `${MAX_REQUESTS_IN_FLIGHT} requests wait already: ask again when one is answered`
      this.refuse(id, new Refused('too_many_requests', message, true))
      return
    }
    this.inFlight += 1
    void this.answer(id, kind, payload)
  }

  private async answer(id: number, kind: number, payload: Uint8Array): Promise<void> {
    try {
      this.send({ id, kind: ANSWER.ok, payload: await this.conversation.answer(kind, payload) })
    } catch (error) {
      if (error instanceof FrameOutOfBounds) this.refuse(id, new Refused(error.code, error.message, error.retryable))
      else if (error instanceof Refused) this.refuse(id, error)
      else throw error
    } finally {
      this.inFlight -= 1
    }
  }

  private refuse(id: number, refused: Refused): void {
    this.send({ id, kind: ANSWER.refused, payload: encodeRefused(refused) })
  }

  private send(frame: Frame): void {
    if (this.socket.destroyed || this.socket.write(encodeFrame(frame)) || this.socket.isPaused()) return
    // Who does not read answers asks for nothing more, or they would all wait in memory.
    this.socket.pause()
    this.socket.once('drain', () => this.socket.resume())
  }
}
