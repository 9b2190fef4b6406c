import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Status } from '../../edge-node/http/status'

const WARN = 40 // pino's number for it

/** How often each warning or error stands in the log of an edge node (JSON lines), over all of its starts. */
export async function warningsIn(file: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const text = warningOf(line)
    if (text !== null) counts[text] = (counts[text] ?? 0) + 1
  }
  return counts
}

/** The message of a line at level warn or above; null for any other line, also for one that a kill cut off. */
export function warningOf(line: string): string | null {
  try {
    const { level, msg } = JSON.parse(line) as { level?: unknown; msg?: unknown }
    return typeof level === 'number' && level >= WARN && typeof msg === 'string' ? msg : null
  } catch {
    return null
  }
}

const ANSWER_WITHIN_MS = 1_000 // a node that is down or stopped must not stop who watches it

/** The edge node's status; null when it does not answer. */
export async function statusOf(url: string): Promise<Status | null> {
  const response = await ask(`${url}/v1/status`)
  return response?.ok ? ((await response.json().catch(() => null)) as Status | null) : null
}

/** Whether the edge node says that it is ready; null when it does not answer. */
export async function readinessOf(url: string): Promise<boolean | null> {
  const response = await ask(`${url}/readyz`)
  await response?.arrayBuffer().catch(() => undefined)
  return response === null ? null : response.status === 200
}

/** What ingest answers to a request without events; null when it does not. */
export async function ingestStatusOf(url: string): Promise<number | null> {
  const response = await ask(`${url}/v1/events`, { method: 'POST', body: '' })
  await response?.arrayBuffer().catch(() => undefined)
  return response?.status ?? null
}

async function ask(url: string, init: RequestInit = {}): Promise<Response | null> {
  return fetch(url, { ...init, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) }).catch(() => null)
}

/** Whether everything that was accepted is in a final window. */
export function isSettled({ windows, edge }: Status): boolean {
  return windows.open + windows.closing + windows.finalizing + edge.backlogEvents === 0
}

/** The node in one line. */
export function describe(status: Status | null): string {
  if (status === null) return 'the edge node does not answer'
  const { events, edge, burst, windows } = status
  const n = (count: number) => count.toLocaleString('en-US')
  return [
    `edge ${n(events.edge)}`,
    `burst ${n(events.burst)}`,
    `backlog ${n(edge.backlogEvents)}`,
    `in flight ${burst.inFlightEnvelopes}`,
    `windows ${windows.open} open, ${windows.closing + windows.finalizing} closing, ${windows.final} final`,
    ...(status.ready ? [] : ['not ready']),
    ...(burst.active ? ['bursting'] : []),
  ].join('  ')
}
