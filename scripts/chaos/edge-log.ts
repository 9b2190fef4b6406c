import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'

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
