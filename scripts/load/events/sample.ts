import { readFileSync, statSync } from 'node:fs'
import { LoadError } from '../load-error'
import type { LineGenerator } from './random'

const MAX_BYTES = 64 * 1024 * 1024 // it is kept in memory, and a sample of this size is a recording: --file sends that

/**
 * Events made after the lines of an NDJSON file, one after the other and again from the start, each at the time that it
 * is sent: `timeField` gets it in the form that the line has it, a number of s, ms, us or ns since 1970, or ISO 8601.
 * Throws `LoadError` ('bad-event-file') naming the line that is no such event.
 */
export function sampleLines(file: string, timeField: string): LineGenerator {
  const events = read(file).map((line, index) => eventOf(line, `${file}:${index + 1}`, timeField))
  if (events.length === 0) throw new LoadError('bad-event-file', `The sample ${file} has no events.`)
  return (n, timestampMs) => {
    const event = events[n % events.length]!
    return JSON.stringify({ ...event, [timeField]: timeLike(event[timeField], timestampMs) })
  }
}

function read(file: string): string[] {
  try {
    const { size } = statSync(file)
    if (size > MAX_BYTES)
      throw new LoadError('bad-event-file', `The sample ${file} has ${size} bytes, at most ${MAX_BYTES} are read.`)
    return readFileSync(file, 'utf8').trimEnd().split('\n')
  } catch (cause) {
    if (cause instanceof LoadError) throw cause
    throw new LoadError('bad-event-file', `The sample ${file} cannot be read: ${(cause as Error).message}.`, { cause })
  }
}

function eventOf(line: string, place: string, timeField: string): Record<string, unknown> {
  let event: unknown
  try {
    event = JSON.parse(line)
  } catch (cause) {
    throw new LoadError('bad-event-file', `${place} is not JSON: ${(cause as Error).message}.`, { cause })
  }
  if (typeof event === 'object' && event !== null && Object.hasOwn(event, timeField))
    return event as Record<string, unknown>
  throw new LoadError(
    'bad-event-file',
    `${place} has no field "${timeField}" with its time; name it with --time-field.`,
  )
}

/** A time in the form of another. */
function timeLike(example: unknown, ms: number): number | string {
  if (typeof example === 'string') return new Date(ms).toISOString()
  const size = Math.abs(Number(example))
  if (size < 1e11) return Math.floor(ms / 1e3)
  if (size < 1e14) return ms
  return size < 1e17 ? ms * 1e3 : ms * 1e6
}
