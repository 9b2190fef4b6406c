import { Pool } from 'undici'
import { authorization } from '../../command-line/token'
import { type Answer, readAnswer } from './answer'

/** One batch as it goes over the wire. Sent again, it is the same to the bit. */
export interface BatchRequest {
  readonly idempotencyKey: string
  /** Epoch ms: the intended time of the batch's first event. */
  readonly scheduledAtMs: number
  readonly body: Buffer
}

export interface Client {
  /** Never rejects for what a server or a network can do; those are answers. */
  post(request: BatchRequest): Promise<Answer>
  /** Requests still in flight are lost. */
  close(): Promise<void>
}

/** `token`: sent with every request, when the edge node asks for one. */
export function openClient(baseUrl: string, connections: number, timeoutMs: number, token?: string): Client {
  const url = new URL(baseUrl)
  const path = `${url.pathname.replace(/\/$/, '')}/v1/events`
  const pool = new Pool(url.origin, {
    connections,
    pipelining: 1,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connectTimeout: timeoutMs,
  })
  return {
    post: (request) => post(pool, path, request, token).catch(lostConnection),
    close: () => pool.destroy(),
  }
}

async function post(pool: Pool, path: string, request: BatchRequest, token: string | undefined): Promise<Answer> {
  const { statusCode, headers, body } = await pool.request({
    method: 'POST',
    path,
    headers: {
      'content-type': 'application/x-ndjson',
      'idempotency-key': request.idempotencyKey,
      'spillway-scheduled-at': String(request.scheduledAtMs),
      ...authorization(token),
    },
    body: request.body,
  })
  const retryAfter = headers['retry-after']
  return readAnswer(statusCode, typeof retryAfter === 'string' ? retryAfter : undefined, await body.text())
}

/** Network errors carry a code; anything else is a bug of ours and is thrown on. */
function lostConnection(error: { readonly code?: unknown }): Answer {
  const { code } = error
  if (typeof code !== 'string' || code === 'UND_ERR_INVALID_ARG') throw error
  return { kind: 'refused', status: null, reason: `connection lost (${code})`, retryAfterMs: null }
}
