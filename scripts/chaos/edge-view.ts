import type { Status } from '../../edge-node/status'

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
