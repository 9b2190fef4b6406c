import { digestOf } from '../../cloud/packing'
import type { Envelope } from '../../core/envelope'

export const ORIGIN = { pipeline: 'test', version: 'v1', incarnation: 'test-incarnation' }

/** An envelope of these lines. */
export function envelopeOf(number: number, lines: readonly string[], firstOffset = 0): Envelope {
  const place = { number, firstOffset, count: lines.length, horizonMs: Number.NEGATIVE_INFINITY }
  return { ...ORIGIN, ...place, digest: digestOf(lines), lines }
}
