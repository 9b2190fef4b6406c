import type { FieldAggregate, Json } from '../pipeline/aggregate'
import { decodeCount, fieldSignature, malformed, numberReader, render } from './aggregates'
import { inCells } from './cells'
import { type Bucket, type BucketCounts, bucketOf, bucketValue, MAX_BUCKET } from './log-bucket'
import { QUANTILE_CELLS } from './quantile-cells'

/**
 * The `q`-quantile of a number field (0 the smallest, 0.5 the median, 1 the largest), with a relative error of at most
 * 2^-8 for normal doubles. NaN without events (which no row of a window shows). Throws a RangeError when q is not from
 * 0 to 1.
 */
export function quantile<Field extends string>(
  field: Field,
  q: number,
): FieldAggregate<Field, number, number, BucketCounts, number> {
  if (!(q >= 0 && q <= 1)) throw new RangeError(`quantile: q must be from 0 to 1, not ${render(q)}`)
  const share = decimalOf(q)
  const signature = fieldSignature('quantile', field, q)
  const aggregate: FieldAggregate<Field, number, number, BucketCounts, number> = {
    signature,
    field,
    read: numberReader(field),
    zero: () => new Map(),
    add: (state, value) => addToBucket(state, bucketOf(value), 1),
    merge,
    present: (state) => present(state, share),
    encode,
    decode: (json) => decode(signature, json),
  }
  return inCells(aggregate, QUANTILE_CELLS)
}

function addToBucket(state: BucketCounts, bucket: Bucket, count: number): BucketCounts {
  return state.set(bucket, (state.get(bucket) ?? 0) + count)
}

function merge(into: BucketCounts, from: BucketCounts): BucketCounts {
  for (const [bucket, count] of from) addToBucket(into, bucket, count)
  return into
}

/** A number from 0 to 1 as the decimal that it was written as: `digits` over a power of ten. */
interface Decimal {
  readonly digits: bigint
  readonly over: bigint
}

/** A double prints as the shortest decimal that reads back as it: the one that was written, up to 15 digits. */
function decimalOf(q: number): Decimal {
  const [mantissa = '0', exponent = '0'] = String(q).split('e-')
  const [whole, fraction = ''] = mantissa.split('.')
  const zeros = '0'.repeat(fraction.length + Number(exponent))
  return { digits: BigInt(`${whole}${fraction}`), over: BigInt(`1${zeros}`) }
}

/**
 * `ceil(q x n)`, from 1 to n. Computed in whole numbers: as doubles, 0.07 x 100 is just above 7, and its ceiling would
 * be 8.
 */
function rankOf({ digits, over }: Decimal, n: number): number {
  return Math.min(n, Math.max(1, Number((digits * BigInt(n) + over - 1n) / over)))
}

function present(state: BucketCounts, share: Decimal): number {
  let n = 0
  for (const count of state.values()) n += count
  const rank = rankOf(share, n)
  let seen = 0
  for (const bucket of ascending(state)) {
    seen += state.get(bucket)!
    if (seen >= rank) return bucketValue(bucket)
  }
  return Number.NaN
}

/** A typed array sorts by value, without a comparator. */
function ascending(state: BucketCounts): Int32Array {
  return Int32Array.from(state.keys()).sort()
}

/**
 * Ascending buckets, each as its distance from the one before (the first from 0), then its count: neighbours take one
 * digit instead of six.
 */
function encode(state: BucketCounts): number[] {
  const encoded: number[] = []
  let previous = 0
  for (const bucket of ascending(state)) {
    encoded.push(bucket - previous, state.get(bucket)!)
    previous = bucket
  }
  return encoded
}

function decode(signature: string, json: Json): BucketCounts {
  if (!Array.isArray(json) || json.length % 2 !== 0) throw malformed(signature, 'an array of pairs', json)
  const state: BucketCounts = new Map()
  let bucket = 0
  for (let i = 0; i < json.length; i += 2) {
    bucket += decodeStep(signature, json[i], i === 0)
    if (Math.abs(bucket) > MAX_BUCKET) throw malformed(signature, `a bucket within ±${MAX_BUCKET}`, bucket)
    const count = decodeCount(signature, json[i + 1])
    if (count === 0) throw malformed(signature, 'a count above 0', count)
    state.set(bucket, count)
  }
  return state
}

function decodeStep(signature: string, step: Json | undefined, first: boolean): number {
  if (typeof step === 'number' && Number.isSafeInteger(step) && (first || step > 0)) return step
  throw malformed(signature, 'ascending buckets', step)
}
