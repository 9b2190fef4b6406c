import type { FeedEvents } from '../../edge-node/observe/feed'
import { ask } from './api'
import { sseParser } from './sse'

const RETRY_MS = [500, 1_000, 2_000, 5_000] // between tries; the last one again and again
const SILENT_MS = 5_000 // ten samples a second are due: a connection without any is dead, whatever TCP says

/** What becomes of the connection. */
export interface ConnectionListener {
  on<Name extends keyof FeedEvents>(name: Name, data: FeedEvents[Name]): void
  /** A stream begins, the first one or again. Samples follow once this resolves. */
  opened(): Promise<void>
  lost(reason: string): void
}

/** Reads the live feed for as long as the page is there. By `fetch`, since an EventSource cannot send a token. */
export async function follow(listener: ConnectionListener): Promise<never> {
  for (let failures = 0; ; failures++) {
    try {
      await readOnce(listener, () => {
        failures = 0
      })
      listener.lost('the node ended the connection')
    } catch (error) {
      listener.lost(error instanceof Error ? error.message : String(error))
    }
    await sleep(RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]!)
  }
}

async function readOnce(listener: ConnectionListener, succeeded: () => void): Promise<void> {
  const abort = new AbortController()
  const response = await ask('/v1/live', abort.signal)
  await listener.opened()
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  const parse = sseParser()
  let silence = 0
  const beSilent = () => {
    clearTimeout(silence)
    silence = window.setTimeout(() => abort.abort(new Error('the node is silent')), SILENT_MS)
  }
  try {
    for (beSilent(); ; beSilent()) {
      const { done, value } = await reader.read()
      if (done) return
      for (const { event, data } of parse(value)) listener.on(event as keyof FeedEvents, JSON.parse(data))
      succeeded()
    }
  } finally {
    clearTimeout(silence)
    abort.abort()
  }
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
