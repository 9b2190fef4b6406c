/** FORMULAS, "quantile(field, q)": buckets by the bits of the double. */

const view = new DataView(new ArrayBuffer(8))

/** Bucket of a value: `b + 1` above zero, `-(b + 1)` below, 0 for zero; so buckets are ordered as their values are. */
export function bucketOf(x: number): number {
  if (x === 0) return 0
  view.setFloat64(0, Math.abs(x))
  const b = view.getUint32(0) >>> 13
  return x > 0 ? b + 1 : -(b + 1)
}

/** `L + (U - L) / 2` of the bucket. */
export function bucketValue(bucket: number): number {
  if (bucket === 0) return 0
  const b = Math.abs(bucket) - 1
  const lower = doubleWithUpperHalf(b << 13)
  const upper = doubleWithUpperHalf((b + 1) << 13)
  const middle = lower + (upper - lower) / 2
  return bucket > 0 ? middle : -middle
}

/** The value of the bucket that holds the r-th smallest of the counted values; null when there are none. */
export function quantileOf(counts: ReadonlyMap<number, number>, q: number): number | null {
  const ascending = [...counts].sort(([a], [b]) => a - b)
  const n = ascending.reduce((sum, [, count]) => sum + count, 0)
  const rank = Math.min(n, Math.max(1, ceilOfProduct(q, n)))
  let seen = 0
  for (const [bucket, count] of ascending) {
    seen += count
    if (seen >= rank) return bucketValue(bucket)
  }
  return null
}

/** ceil(q * n) where q is the decimal as which it prints. */
function ceilOfProduct(q: number, n: number): number {
  const [, whole, fraction = '', exponent = '0'] = /^(\d+)(?:\.(\d+))?(?:e-(\d+))?$/.exec(String(q))!
  const places = fraction.length + Number(exponent)
  const product = (BigInt(whole! + fraction) * BigInt(n)).toString().padStart(places + 1, '0')
  const [above, below] = [product.slice(0, product.length - places), product.slice(product.length - places)]
  return Number(above) + (/[1-9]/.test(below) ? 1 : 0)
}

function doubleWithUpperHalf(upperHalf: number): number {
  view.setUint32(0, upperHalf)
  view.setUint32(4, 0)
  return view.getFloat64(0)
}
