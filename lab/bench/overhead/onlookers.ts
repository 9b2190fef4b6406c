import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { authorization } from '../../../scripts/command-line/token'

const SCRAPE_MS = 5_000
const LATEST_MS = 10_000 // the page looks for results when a window has become final

/** Those who watch a node: Prometheus, and a browser with the dashboard. Returns how to end it. */
export function watch(url: string, token: string): () => Promise<void> {
  const abort = new AbortController()
  const { signal } = abort
  const get = async (path: string) => {
    const response = await fetch(url + path, { headers: authorization(token), signal })
    if (!response.ok) throw new Error(`${path} answered ${response.status}`)
    for await (const _ of response.body!);
  }
  const every = async (ms: number, path: string) => {
    for (;;) {
      await get(path)
      await sleep(ms, undefined, { signal })
    }
  }
  const all = Promise.all([
    get('/v1/history'),
    get('/v1/live'),
    every(SCRAPE_MS, '/metrics'),
    every(LATEST_MS, '/v1/latest'),
  ])
  const ended = all.catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
  return async () => {
    abort.abort()
    await ended
  }
}

/** A collector that takes traces and forgets them. */
export async function collector(): Promise<{ readonly url: string; close(): void }> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.end())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
