import { z } from 'zod'
import { authorization } from '../command-line/token'

/** Nothing can be replayed, or no more: the edge node is not there or answers something else. */
export class CannotReplay extends Error {
  constructor(
    readonly code: 'unreachable-edge-node' | 'unexpected-answer' | 'edge-node-busy',
    message: string,
  ) {
    super(message)
  }
}

const LETTERS_PER_PAGE = 1_000
const PAGE_TIMEOUT_MS = 60_000
const REPLAY_TIMEOUT_MS = 280_000 // the letters of a request are folded side by side, each for at most the time limit of `map`

const letterShape = z.object({ id: z.string(), offset: z.number(), code: z.string() })
const pageShape = z.object({ deadLetters: z.array(letterShape), next: z.string().nullable() })
const outcomeShape = z.discriminatedUnion('kind', [
  z.object({
    id: z.string(),
    kind: z.literal('replayed'),
    offset: z.number(),
    resent: z.boolean(),
    corrected: z.number(),
    waiting: z.number(),
  }),
  z.object({ id: z.string(), kind: z.literal('failed'), offset: z.number(), code: z.string(), reason: z.string() }),
  z.object({
    id: z.string(),
    kind: z.literal('refused'),
    offset: z.number(),
    reason: z.string(),
    retryAfterMs: z.number(),
  }),
  z.object({ id: z.string(), kind: z.literal('unknown') }),
])
const replaysShape = z.object({ replays: z.array(outcomeShape) })

export type Letter = z.infer<typeof letterShape>
export type Outcome = z.infer<typeof outcomeShape>

/** How many letters the edge node takes in one request. */
export const MAX_LETTERS = 16

/** All dead letters of a code, or all there are, oldest first. Throws CannotReplay. */
export async function* deadLetters(url: string, code: string | null, token?: string): AsyncGenerator<Letter> {
  for (let cursor: string | null = null; ; ) {
    const page = new URL('/v1/dead-letters', url)
    page.searchParams.set('limit', String(LETTERS_PER_PAGE))
    if (code !== null) page.searchParams.set('code', code)
    if (cursor !== null) page.searchParams.set('cursor', cursor)
    const { deadLetters, next }: z.infer<typeof pageShape> = await ask(page, pageShape, PAGE_TIMEOUT_MS, token)
    yield* deadLetters
    if (next === null) return
    if (next === cursor) throw new CannotReplay('unexpected-answer', `${url} gave ${next} as the page after itself`)
    cursor = next
  }
}

/** Has some letters replayed, or says what that would do. Throws CannotReplay. */
export async function replay(
  url: string,
  ids: readonly string[],
  dryRun: boolean,
  token?: string,
): Promise<readonly Outcome[]> {
  const body = JSON.stringify({ ids, dryRun })
  const request = { method: 'POST', body }
  const { replays } = await ask(new URL('/v1/replays', url), replaysShape, REPLAY_TIMEOUT_MS, token, request)
  return replays
}

async function ask<T>(
  url: URL,
  shape: z.ZodType<T>,
  timeoutMs: number,
  token: string | undefined,
  init: RequestInit = {},
): Promise<T> {
  let response: Response
  let text: string
  try {
    response = await fetch(url, { ...init, headers: authorization(token), signal: AbortSignal.timeout(timeoutMs) })
    text = await response.text()
  } catch (error) {
    const cause = error instanceof Error && error.cause ? error.cause : error
    throw new CannotReplay('unreachable-edge-node', `${url} gives no answer (${String(cause)}); is the edge node up?`)
  }
  const read = shape.safeParse(response.ok ? parsed(text) : undefined)
  if (read.success) return read.data
  throw new CannotReplay('unexpected-answer', `${url} answers ${response.status}: ${text.slice(0, 200)}`)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
