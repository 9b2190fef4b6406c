import type { Pipeline } from '../core/pipeline/pipeline'
import { ClientError } from './client-error'
import { askJson, type Connection } from './connection'
import { patiently } from './retry'
import { type SendOptions, type Sent, type SentEvents, send } from './send'
import { type LiveOptions, liveWindows, type PageOptions, pagedWindows } from './windows'
import type { FinalWindow, NodeStatus } from './wire'

export interface ClientOptions<P extends Pipeline> {
  /** Where the node listens: `http://127.0.0.1:7070`. */
  readonly url: string
  /** Sent with each request, where the node asks for one. */
  readonly token?: string
  /** For the types, and to refuse a node that runs another. For the types alone: `createClient<typeof clicks>`. */
  readonly pipeline?: P
  /** How long to go on trying without success; default 60 s, within which a node starts again. */
  readonly giveUpMs?: number
  /** The way to the network; default: the global `fetch`. */
  readonly fetch?: typeof fetch
}

/** Talks to one node. Each method rejects with ClientError, or with the reason of an aborted signal. */
export interface Client<P extends Pipeline> {
  send(events: SentEvents, options?: SendOptions): Promise<Sent>
  /** `for await (const window of client.windows())`; leaving the loop ends the connection. */
  windows(options?: LiveOptions | PageOptions): AsyncIterableIterator<FinalWindow<P>>
  /** The window that starts there (ms since 1970), or null while there is none that is final. */
  window(which: {
    readonly start: number
    readonly key?: string
    readonly signal?: AbortSignal
  }): Promise<FinalWindow<P> | null>
  status(options?: { readonly signal?: AbortSignal }): Promise<NodeStatus>
}

const GIVE_UP_MS = 60_000

/** A client of the node at `url`. No request is made before a method is called. */
export function createClient<P extends Pipeline = Pipeline>(options: ClientOptions<P>): Client<P> {
  const { token, pipeline, giveUpMs = GIVE_UP_MS } = options
  const url = options.url.replace(/\/+$/, '')
  // Called bare: a browser's fetch must have no other `this`.
  const to: Connection = { url, token, giveUpMs, fetch: options.fetch ?? ((...request) => fetch(...request)) }
  const status = ({ signal }: { readonly signal?: AbortSignal } = {}) =>
    askJson<NodeStatus>(to, '/v1/status', { signal })
  return {
    send: (events, sending) => send(to, events, sending),
    windows: (reading = {}) => windowsOf<P>(to, reading, pipeline),
    async window({ start, ...reading }) {
      for await (const window of pagedWindows<P>(to, { live: false, from: start, ...reading })) {
        return window.start === start ? window : null
      }
      return null
    },
    status,
  }
}

async function* windowsOf<P extends Pipeline>(
  to: Connection,
  reading: LiveOptions | PageOptions,
  pipeline: P | undefined,
): AsyncGenerator<FinalWindow<P>> {
  if (pipeline !== undefined) await refuseOther(to, pipeline.name, reading.signal)
  yield* reading.live === false ? pagedWindows<P>(to, reading) : liveWindows<P>(to, reading)
}

async function refuseOther(to: Connection, name: string, signal: AbortSignal | undefined): Promise<void> {
  const ask = () => askJson<{ pipeline: string }>(to, '/v1/windows?limit=1', { signal })
  const { pipeline } = await patiently(to.giveUpMs, signal, ask)
  if (pipeline === name) return
  throw new ClientError('wrong_pipeline', `the node at ${to.url} runs ${pipeline}, not ${name}`, false)
}
