import type { Pipeline } from '../core/pipeline/pipeline'
import { ClientError } from './client-error'
import { ask, askJson, type Connection, jsonOf } from './connection'
import { EventStreamParser, type ServerEvent } from './event-stream'
import { Patience, patiently } from './retry'
import type { FinalWindow, StreamReset, WindowEvent, WindowPage } from './wire'

/** Windows as they become final, without an end. */
export interface LiveOptions {
  readonly live?: true
  /** Goes on after the window with this `id`. Without it all windows come that the node keeps, oldest first. */
  readonly after?: string
  /**
   * The node has another log than the one that was read, such as a new data folder: forget its windows, all that are
   * kept follow. Without it reading ends with a ClientError `stream_reset`.
   */
  readonly onReset?: (reset: StreamReset) => void
  readonly signal?: AbortSignal
}

/** The windows that there are, by start. */
export interface PageOptions {
  readonly live: false
  /** Windows that start at or after it, ms since 1970. */
  readonly from?: number
  /** Windows that end at or before it. */
  readonly to?: number
  /** Rows of this key alone. */
  readonly key?: string
  readonly signal?: AbortSignal
}

const START = 'start'

/** The node writes a comment every 15 s; a stream that is silent for three of them is cut off somewhere. */
const SILENCE_MS = 45_000

/**
 * Windows from the stream, which begins with those that are kept and goes on with those to come, so that there is no
 * gap between the two. A connection that is lost is made anew, after the window that came last.
 */
export async function* liveWindows<P extends Pipeline>(
  to: Connection,
  options: LiveOptions,
): AsyncGenerator<FinalWindow<P>> {
  const { signal, onReset } = options
  const patience = new Patience(to.giveUpMs)
  let place = options.after ?? START
  for (;;) {
    try {
      for await (const { name, data, lastEventId } of streamAfter(to, place, signal)) {
        patience.renew()
        if (name === 'reset') forget(JSON.parse(data) as StreamReset, onReset)
        if (name === 'window') yield await whole(to, lastEventId, JSON.parse(data) as WindowEvent<P>, signal)
        place = lastEventId
      }
      throw new ClientError('unreachable', `${to.url} ended the stream`, true)
    } catch (error) {
      await patience.bear(error, signal)
    }
  }
}

function forget(reset: StreamReset, onReset: LiveOptions['onReset']): void {
  if (onReset === undefined) {
    throw new ClientError('stream_reset', `${reset.message}; pass onReset to windows() to go on by yourself`, false)
  }
  onReset(reset)
}

/** The events of one connection. Ends with it. */
async function* streamAfter(
  to: Connection,
  place: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<ServerEvent> {
  const silence = new AbortController()
  const either = AbortSignal.any([silence.signal, ...(signal === undefined ? [] : [signal])])
  const wake = () => setTimeout(() => silence.abort(new Error(`nothing came for ${SILENCE_MS} ms`)), SILENCE_MS)
  let timer = wake()
  try {
    const headers = { accept: 'text/event-stream', 'last-event-id': place }
    const response = await ask(to, '/v1/stream', { headers, signal: either })
    if (!response.ok || response.body === null) await jsonOf(to, response)
    const parser = new EventStreamParser()
    for await (const piece of textOf(to, response, signal)) {
      clearTimeout(timer)
      timer = wake()
      yield* parser.push(piece)
    }
  } catch (error) {
    signal?.throwIfAborted()
    if (!silence.signal.aborted) throw error
    throw new ClientError('no_answer', `${to.url}: ${(silence.signal.reason as Error).message}`, true, { cause: error })
  } finally {
    clearTimeout(timer)
    silence.abort()
  }
}

async function* textOf(
  { url }: Connection,
  response: Response,
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  const reader = response.body!.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((cause) => {
        signal?.throwIfAborted()
        throw new ClientError('unreachable', `${url} broke off the stream: ${cause}`, true, { cause })
      })
      if (done) return
      yield decoder.decode(value, { stream: true })
    }
  } finally {
    await reader.cancel().catch(() => undefined) // it may be broken, and then there is nothing to cancel
  }
}

/** An event has the first thousand rows; the others are in pages. */
async function whole<P extends Pipeline>(
  to: Connection,
  id: string,
  { rowCount: _, truncated, ...window }: WindowEvent<P>,
  signal: AbortSignal | undefined,
): Promise<FinalWindow<P>> {
  if (!truncated) return { id, ...window }
  const { start, end } = window
  for await (const page of pagedWindows<P>(to, { live: false, from: start, to: end, ...(signal && { signal }) })) {
    return { ...page, id }
  }
  throw new ClientError('window_gone', `the window of ${start} to ${end} was taken away while it was read`, false)
}

/** The windows of all pages; one whose rows fill several is put together. */
export async function* pagedWindows<P extends Pipeline>(
  to: Connection,
  options: PageOptions,
): AsyncGenerator<FinalWindow<P>> {
  const { signal } = options
  const held: FinalWindow<P>[] = []
  let cursor: string | null = null
  do {
    const page: WindowPage<P> = await pageAt<P>(to, options, cursor, signal)
    for (const window of page.windows) {
      const last = held.pop()
      if (last !== undefined && last.start === window.start && last.end === window.end) {
        held.push({ ...last, rows: [...last.rows, ...window.rows] })
        continue
      }
      if (last !== undefined) yield last
      held.push({ ...window, id: null })
    }
    cursor = page.next
  } while (cursor !== null)
  yield* held
}

async function pageAt<P extends Pipeline>(
  to: Connection,
  { from, to: until, key }: PageOptions,
  cursor: string | null,
  signal: AbortSignal | undefined,
): Promise<WindowPage<P>> {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries({ from, to: until, key, cursor: cursor ?? undefined })) {
    if (value !== undefined) query.set(name, String(value))
  }
  return patiently(to.giveUpMs, signal, () => askJson<WindowPage<P>>(to, `/v1/windows?${query}`, { signal }))
}
