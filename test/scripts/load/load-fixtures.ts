import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../../../scripts/load/delivery/batch'
import { LOAD_DEFAULTS, type LoadOptions } from '../../../scripts/load/options'

/** Time that jumps to the next sleeper as soon as the event loop has nothing else to do: runs take no time. */
export function jumpingClock(): Clock {
  const sleepers = new Set<{ wakeMs: number; wake: () => void }>()
  let nowMs = 1_700_000_000_000
  let pumping = false
  const pump = async () => {
    if (pumping) return
    pumping = true
    for (; sleepers.size > 0; await setImmediate()) {
      const next = [...sleepers].reduce((a, b) => (b.wakeMs < a.wakeMs ? b : a))
      nowMs = Math.max(nowMs, next.wakeMs)
      next.wake()
    }
    pumping = false
  }
  return {
    now: () => nowMs,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const wake = () => {
          sleepers.delete(sleeper)
          signal.removeEventListener('abort', wake)
          resolve()
        }
        const sleeper = { wakeMs: nowMs + ms, wake }
        sleepers.add(sleeper)
        signal.addEventListener('abort', wake)
        if (signal.aborted) wake()
        void pump()
      }),
  }
}

export interface Received {
  readonly key: string
  readonly scheduledAtMs: number
  readonly lines: string[]
  /** How often this key came before. */
  readonly attempt: number
}

export interface TestNode {
  readonly url: string
  readonly received: Received[]
  close(): Promise<void>
}

/** An edge node of a few lines: `respond` answers, or drops the connection, for each request. */
export async function openTestNode(respond: (request: Received, response: ServerResponse) => void): Promise<TestNode> {
  const received: Received[] = []
  const server = createServer(async (message, response) => {
    const request = await read(message, received)
    received.push(request)
    respond(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function read(message: IncomingMessage, before: readonly Received[]): Promise<Received> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk)
  const key = String(message.headers['idempotency-key'])
  return {
    key,
    scheduledAtMs: Number(message.headers['spillway-scheduled-at']),
    lines: Buffer.concat(chunks).toString().trimEnd().split('\n'),
    attempt: before.filter((request) => request.key === key).length,
  }
}

export function take({ lines }: Received, response: ServerResponse, more: object = {}): void {
  answer(response, 202, { accepted: lines.length, late: 0, partlyLate: 0, horizon: null, rejected: [], ...more })
}

export function answer(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

/** 1,000 events in 0.1 s make 10 batches, sent one after another, with all the time in the world for retries. */
export function smallRun(url: string, more: Partial<LoadOptions> = {}): LoadOptions {
  return {
    ...LOAD_DEFAULTS,
    url,
    profile: { kind: 'constant', rate: 10_000 },
    seconds: 0.1,
    batch: 100,
    connections: 1,
    drainMs: Number.MAX_SAFE_INTEGER,
    runId: 'test',
    ...more,
  }
}
