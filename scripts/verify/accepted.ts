import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { z } from 'zod'

export type CannotVerifyCode =
  | 'unreadable-accepted-file'
  | 'unreachable-edge-node'
  | 'unexpected-answer'
  | 'unknown-pipeline'
  | 'unwritable-report'

/** Nothing is known about exactness, because an input could not be had, or it cannot be written down. The message names it and what to do. */
export class CannotVerify extends Error {
  constructor(
    readonly code: CannotVerifyCode,
    message: string,
  ) {
    super(message)
    this.name = 'CannotVerify'
  }
}

/** Reads `--accepted` files: one JSON object per answered batch and line. */

const count = z.number().int().nonnegative()
const recordShape = z.object({
  key: z.string(),
  horizon: z.number().nullable(),
  accepted: count,
  late: count,
  partlyLate: count,
  lines: z.array(z.string()),
  /** Lines among these that were rejected: an answer lists the first ones alone. */
  unlisted: count.optional(),
})

/** What a client sent under one idempotency key (less rejected lines), and what it was answered. */
export type AcceptedBatch = z.infer<typeof recordShape>

/** Throws CannotVerify when the file cannot be read or a line is not a batch. */
export async function* readAccepted(file: string): AsyncGenerator<AcceptedBatch> {
  let number = 0
  for await (const line of linesOf(file)) {
    number += 1
    if (line !== '') yield parseBatch(line, `${file}:${number}`)
  }
}

/**
 * Looks for the files before anything is asked for: a name that was misspelt must not wait for, or look like, a fault of
 * the edge node. Throws CannotVerify.
 */
export async function findAccepted(files: readonly string[]): Promise<void> {
  for (const file of files) {
    const handle = await open(file).catch((error: unknown) => {
      throw unreadable(file, error)
    })
    const found = await handle.stat().finally(() => handle.close())
    if (found.isDirectory()) throw unreadable(file, 'it is a folder')
  }
}

/**
 * Lines end at a line feed and nowhere else. (node:readline also splits at U+2028, which may stand unescaped inside a
 * JSON string.)
 */
async function* linesOf(file: string): AsyncGenerator<string> {
  let rest = ''
  try {
    for await (const chunk of createReadStream(file, { encoding: 'utf8', highWaterMark: 1 << 20 })) {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      yield* lines
    }
  } catch (error) {
    throw unreadable(file, error)
  }
  yield rest
}

function unreadable(file: string, reason: unknown): CannotVerify {
  const isMissing = (reason as { readonly code?: unknown }).code === 'ENOENT'
  const why = isMissing ? 'there is none' : String(reason)
  const what = 'give --accepted the file that spillway load wrote under its own --accepted'
  return new CannotVerify('unreadable-accepted-file', `the file ${file} cannot be read (${why}); ${what}`)
}

function parseBatch(line: string, place: string): AcceptedBatch {
  const parsed = recordShape.safeParse(parseJson(line, place))
  if (parsed.success) return parsed.data
  const problem = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')
  throw new CannotVerify('unreadable-accepted-file', `${place} is not a record of a batch (${problem})`)
}

function parseJson(line: string, place: string): unknown {
  try {
    return JSON.parse(line)
  } catch (error) {
    throw new CannotVerify(
      'unreadable-accepted-file',
      `${place} is not JSON (${String(error)}); was the load still being written?`,
    )
  }
}
