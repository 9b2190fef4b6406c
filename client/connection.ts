import { ClientError } from './client-error'

/** A node, and what each request to it has in common. */
export interface Connection {
  readonly url: string
  readonly token: string | undefined
  readonly fetch: typeof fetch
  /** How long to go on trying without success. */
  readonly giveUpMs: number
}

export interface Request {
  readonly method?: 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal?: AbortSignal | undefined
  /** How long the answer may take. A stream has none: it ends when nothing comes. */
  readonly timeoutMs?: number
}

/** The node answers in ms; after this time the connection is as good as lost. */
export const ANSWER_MS = 30_000

/** Sends one request and gives the answer, whatever its status. Rejects with ClientError where there is none. */
export async function ask(to: Connection, path: string, request: Request = {}): Promise<Response> {
  const { method = 'GET', headers, body, signal, timeoutMs } = request
  const deadline = timeoutMs === undefined ? [] : [AbortSignal.timeout(timeoutMs)]
  const authorization = to.token === undefined ? {} : { authorization: `Bearer ${to.token}` }
  try {
    return await to.fetch(`${to.url}${path}`, {
      method,
      headers: { ...authorization, ...headers },
      ...(body !== undefined && { body }),
      signal: AbortSignal.any([...deadline, ...(signal === undefined ? [] : [signal])]),
    })
  } catch (cause) {
    signal?.throwIfAborted()
    const code = (cause as Error).name === 'TimeoutError' ? 'no_answer' : 'unreachable'
    throw new ClientError(code, `${to.url} gave no answer: ${reasonOf(cause)}; is the node running?`, true, { cause })
  }
}

/** The JSON of an answer of 2xx. Rejects with ClientError for any other. */
export async function askJson<T>(to: Connection, path: string, request: Request = {}): Promise<T> {
  return (await jsonOf(to, await ask(to, path, { timeoutMs: ANSWER_MS, ...request }))) as T
}

/** Of an answer. Rejects with ClientError for an error, and where the connection ends in the middle. */
export async function jsonOf(to: Connection, response: Response): Promise<unknown> {
  const text = await response.text().catch((cause) => {
    throw new ClientError('unreachable', `${to.url} broke off its answer: ${reasonOf(cause)}`, true, { cause })
  })
  const body = parsed(text)
  if (response.ok && body !== undefined) return body
  throw errorOf(response, body)
}

/** What an answer of 4xx or 5xx says. Those of a proxy in between have no code, and 429, 502, 503 and 504 pass. */
export function errorOf({ status, headers }: Response, body: unknown): ClientError {
  const said = typeof body === 'object' && body !== null ? (body as Readonly<Record<string, unknown>>) : {}
  const retryable = typeof said.retryable === 'boolean' ? said.retryable : [408, 429, 502, 503, 504].includes(status)
  const code = typeof said.code === 'string' ? said.code : 'no_answer'
  const message = typeof said.message === 'string' ? said.message : `status ${status}, and no answer of a node`
  const retryAfterMs = typeof said.retryAfterMs === 'number' ? said.retryAfterMs : headerMs(headers.get('retry-after'))
  return new ClientError(code, message, retryable, { status, ...(retryAfterMs !== undefined && { retryAfterMs }) })
}

/** The header has seconds; a date, which a proxy may send, is passed over. */
function headerMs(retryAfter: string | null): number | undefined {
  return retryAfter !== null && /^\d{1,6}(\.\d+)?$/.test(retryAfter) ? Number(retryAfter) * 1_000 : undefined
}

export function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** fetch hides what happened in the cause of its error. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error
  return cause instanceof Error && cause.message !== '' ? cause.message : message
}
