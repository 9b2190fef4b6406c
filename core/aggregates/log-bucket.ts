import { MAX_MAGNITUDE } from './aggregates'

/**
 * The bucket of a double, from its bits: 11 bits of exponent and the first 7 of the fraction, so 128 buckets for each
 * factor of two and no logarithm, which would differ between machines. Zero is bucket 0, positive values count up from
 * 1, negative ones down from -1, and so buckets ascend with their values.
 */
export type Bucket = number

/** Values in each bucket; never a count of 0. */
export type BucketCounts = Map<Bucket, number>

/** Bits of the upper half that a bucket does not look at. */
const DROPPED_BITS = 13

const bits = new DataView(new ArrayBuffer(8))

/** The bucket that holds `value`, a finite number. */
export function bucketOf(value: number): Bucket {
  if (value === 0) return 0
  bits.setFloat64(0, Math.abs(value))
  const bucket = (bits.getUint32(0) >>> DROPPED_BITS) + 1
  return value < 0 ? -bucket : bucket
}

/** The largest bucket of a value that can be read; the smallest is its negative. */
export const MAX_BUCKET = bucketOf(MAX_MAGNITUDE)

/** The middle of the bucket: within 2^-8 of each normal double in it, relative to that double. */
export function bucketValue(bucket: Bucket): number {
  if (bucket === 0) return 0
  const upper = lowerBound(Math.abs(bucket) + 1)
  const lower = lowerBound(Math.abs(bucket))
  const middle = lower + (upper - lower) / 2
  return bucket < 0 ? -middle : middle
}

function lowerBound(bucket: Bucket): number {
  bits.setUint32(0, (bucket - 1) << DROPPED_BITS)
  bits.setUint32(4, 0)
  return bits.getFloat64(0)
}
