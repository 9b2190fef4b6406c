/** What the edge node serves: its status and all of its final windows. */
import { z } from 'zod'
import { authorization } from '../command-line/token'
import { CannotVerify } from './accepted'

/** The most that the API gives in one page; fewer, larger pages cost the edge node less. */
const ROWS_PER_PAGE = 10_000
const PAGE_TIMEOUT_MS = 60_000

const rowShape = z.looseObject({ key: z.string() })
const windowShape = z.object({
  start: z.number(),
  end: z.number(),
  version: z.string(),
  accepted: z.number(),
  edge: z.number(),
  burst: z.number(),
  deadLettered: z.number(),
  rows: z.array(rowShape),
})
const pageShape = z.object({ windows: z.array(windowShape), next: z.string().nullable() })
const statusShape = z.object({
  pipeline: z.string(),
  windows: z.object({ open: z.number(), closing: z.number(), finalizing: z.number().default(0) }).optional(),
})

export type ServedRow = z.infer<typeof rowShape>
export type ServedWindow = z.infer<typeof windowShape>
export type ServedStatus = z.infer<typeof statusShape>

/** Throws CannotVerify when the edge node is not there or answers something else. */
export function fetchStatus(url: string, token?: string): Promise<ServedStatus> {
  return fetchShape(new URL('/v1/status', url), statusShape, token)
}

/** All final windows, page by page, in the order served. Throws CannotVerify. */
export async function fetchWindows(
  url: string,
  token?: string,
  onWindows?: (windows: number) => void,
): Promise<ServedWindow[]> {
  const windows: ServedWindow[] = []
  let cursor: string | null = null
  do {
    const page: z.infer<typeof pageShape> = await fetchShape(pageUrl(url, cursor), pageShape, token)
    appendPage(windows, page.windows)
    onWindows?.(windows.length)
    if (page.next !== null && page.next === cursor) {
      throw new CannotVerify('unexpected-answer', `${url} gave the cursor ${cursor} as the one after itself`)
    }
    cursor = page.next
  } while (cursor !== null)
  return windows
}

function pageUrl(url: string, cursor: string | null): URL {
  const page = new URL('/v1/windows', url)
  page.searchParams.set('limit', String(ROWS_PER_PAGE))
  if (cursor !== null) page.searchParams.set('cursor', cursor)
  return page
}

/** Only the first window of a page can continue the last one before it; any other repetition is left to be found. */
function appendPage(windows: ServedWindow[], page: readonly ServedWindow[]): void {
  const [first, ...others] = page
  const last = windows.at(-1)
  if (first && last && continues(first, last)) {
    for (const row of first.rows) last.rows.push(row)
  } else if (first) {
    windows.push(first)
  }
  for (const window of others) windows.push(window)
}

function continues({ rows, ...window }: ServedWindow, { rows: earlierRows, ...earlier }: ServedWindow): boolean {
  return rows.length > 0 && earlierRows.length > 0 && JSON.stringify(window) === JSON.stringify(earlier)
}

async function fetchShape<T>(url: URL, shape: z.ZodType<T>, token: string | undefined): Promise<T> {
  const parsed = shape.safeParse(await fetchJson(url, token))
  if (parsed.success) return parsed.data
  const problem = parsed.error.issues.slice(0, 3).map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  throw new CannotVerify('unexpected-answer', `${url} does not answer as documented (${problem.join('; ')})`)
}

async function fetchJson(url: URL, token: string | undefined): Promise<unknown> {
  let response: Response
  let text: string
  try {
    response = await fetch(url, { headers: authorization(token), signal: AbortSignal.timeout(PAGE_TIMEOUT_MS) })
    text = await response.text()
  } catch (error) {
    const cause = error instanceof Error && error.cause ? error.cause : error
    throw new CannotVerify('unreachable-edge-node', `${url} gives no answer (${String(cause)}); is the edge node up?`)
  }
  if (!response.ok)
    throw new CannotVerify('unexpected-answer', `${url} answers ${response.status}: ${text.slice(0, 200)}`)
  try {
    return JSON.parse(text)
  } catch {
    throw new CannotVerify('unexpected-answer', `${url} does not answer JSON: ${text.slice(0, 200)}`)
  }
}
