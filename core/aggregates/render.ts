import type { Json } from '../pipeline/aggregate'

/**
 * The longest rendering, so that a reason fits on one line and a megabyte of text is never copied into a dead letter.
 */
const MAX_CHARS = 60

/** A value in at most 60 characters, for reasons and error messages; reads nothing below the value itself. */
export function render(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  switch (typeof value) {
    case 'string':
      return shorten(JSON.stringify(value.slice(0, MAX_CHARS)))
    case 'object':
      return 'an object'
    case 'function':
      return 'a function'
    case 'bigint':
      return 'a bigint'
    case 'symbol':
      return 'a symbol'
    default:
      return String(value)
  }
}

function shorten(quoted: string): string {
  return quoted.length <= MAX_CHARS ? quoted : `${quoted.slice(0, MAX_CHARS - 2)}…"`
}

/** The error of a `decode` that met something `encode` never makes. */
export function malformed(signature: string, expected: string, json: Json | undefined): RangeError {
  return new RangeError(`state of ${signature}: ${expected} expected, got ${render(json)}`)
}

/** A number of events: an integer from 0 to 2^53 - 1. */
export function decodeCount(signature: string, json: Json | undefined): number {
  if (typeof json === 'number' && Number.isSafeInteger(json) && json >= 0) return json
  throw malformed(signature, 'a count', json)
}
