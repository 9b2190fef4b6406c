import { digestOf } from '../../cloud/packing'
import { digestInput, type Envelope } from '../../core/envelope'
import type { LaneKey } from '../../core/lane-keys'

export const ORIGIN = { pipeline: 'test', version: 'v1', incarnation: 'test-incarnation' }

/** An envelope of these lines. */
export function envelopeOf(number: number, lines: readonly string[], firstOffset = 0): Envelope {
  const header = { ...ORIGIN, number, firstOffset, count: lines.length, horizonMs: Number.NEGATIVE_INFINITY }
  return { ...header, digest: digestOf(digestInput(header, lines)), lines }
}

/** A place in the stream that tells one envelope from another. */
export const keyOf = (number: number): LaneKey => ({
  partitionKey: `lane-${number}`,
  explicitHashKey: String(number),
  shard: 0,
})
