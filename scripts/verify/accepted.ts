/** Reads `--accepted` files: one JSON object per answered batch and line. */
import { createReadStream } from 'node:fs'
import { z } from 'zod'
import { CannotVerify } from './cannot-verify'

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
    throw new CannotVerify('unreadable-accepted-file', `${file} cannot be read (${String(error)}); check --accepted`)
  }
  yield rest
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
