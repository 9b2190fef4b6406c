import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { encodeFrame, type Frame, FrameReader } from './frames'
import { ANSWER, decodeRefused, decodeWelcome, encodeHello, KIND, PROTOCOL_VERSION, type Welcome } from './messages'
import { Refused } from './sidecar'

/** Where a sidecar listens: a file of a Unix socket, or a port of this machine. */
export type SidecarAddress = { readonly path: string } | { readonly host: string; readonly port: number }

interface Open {
  readonly resolve: (payload: Uint8Array) => void
  readonly reject: (error: Error) => void
}

/** A connection to a sidecar, for those of its callers that are TypeScript. */
export class SidecarClient {
  private readonly open = new Map<number, Open>()
  private next = 0

  private constructor(private readonly socket: Socket) {
    const reader = new FrameReader()
    socket.on('data', (chunk: Buffer) => {
      for (const frame of reader.push(chunk)) this.answered(frame)
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      for (const { reject } of this.open.values()) reject(new Error('the sidecar closed the connection'))
      this.open.clear()
    })
  }

  /** Rejects when nothing listens there. */
  static async connect(address: SidecarAddress): Promise<SidecarClient> {
    const socket = connect(address)
    await once(socket, 'connect')
    return new SidecarClient(socket)
  }

  async hello(pipeline: string, version = ''): Promise<Welcome> {
    return decodeWelcome(await this.ask(KIND.hello, encodeHello({ protocol: PROTOCOL_VERSION, pipeline, version })))
  }

  /** Resolves with the payload of the answer; rejects with Refused. */
  ask(kind: number, payload: Uint8Array = Buffer.alloc(0)): Promise<Uint8Array> {
    const id = this.next++
    return new Promise((resolve, reject) => {
      this.open.set(id, { resolve, reject })
      this.socket.write(encodeFrame({ id, kind, payload }))
    })
  }

  /** Whether the connection has ended: what is asked then is never answered. */
  get isClosed(): boolean {
    return this.socket.destroyed
  }

  close(): void {
    this.socket.destroy()
  }

  private answered({ id, kind, payload }: Frame): void {
    const open = this.open.get(id)
    this.open.delete(id)
    if (kind === ANSWER.ok) open?.resolve(payload)
    else {
      const { code, message, retryable } = decodeRefused(payload)
      open?.reject(new Refused(code, message, retryable))
    }
  }
}

/** `unix:FILE` or `HOST:PORT`, an IPv6 address in brackets; null when it is neither. */
export function sidecarAddress(text: string): SidecarAddress | null {
  if (text.startsWith('unix:') && text.length > 'unix:'.length) return { path: text.slice('unix:'.length) }
  const [, host = '', port] = /^(.+):(\d{1,5})$/.exec(text) ?? []
  return host === '' || Number(port) > 65_535 ? null : { host: host.replace(/[[\]]/g, ''), port: Number(port) }
}
