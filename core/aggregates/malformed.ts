import type { Json } from '../aggregate'
import { render } from './render'

/** The error of a `decode` that met something `encode` never makes. */
export function malformed(signature: string, expected: string, json: Json | undefined): RangeError {
  return new RangeError(`state of ${signature}: ${expected} expected, got ${render(json)}`)
}

/** A number of events: an integer from 0 to 2^53 - 1. */
export function decodeCount(signature: string, json: Json | undefined): number {
  if (typeof json === 'number' && Number.isSafeInteger(json) && json >= 0) return json
  throw malformed(signature, 'a count', json)
}
