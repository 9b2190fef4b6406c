/**
 * The n-th number of a seeded sequence, in [0, 1). Random access: it depends on nothing but the seed, the purpose and
 * n.
 */
export type Draw = (n: number) => number

/** An independent sequence for each (seed, purpose), so that adding one draw to a generator shifts no other. */
export function draws(seed: number, purpose: string): Draw {
  const first = [...purpose].reduce((hash, char) => mix(hash ^ (char.codePointAt(0) ?? 0)), mix(seed))
  const second = mix(first ^ 0x9e3779b9)
  return (n) => (mix(mix(n ^ first) + second + Math.floor(n / 2 ** 32)) >>> 0) / 2 ** 32
}

/** A standard normal value from two uniform ones (Box and Muller). */
export function normal(u: number, v: number): number {
  return Math.sqrt(-2 * Math.log(1 - u)) * Math.cos(2 * Math.PI * v)
}

/** The finalizer of murmur3_x86_32: every input bit reaches every output bit. */
function mix(value: number): number {
  let x = value | 0
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return x ^ (x >>> 16)
}

/** The line of event `n`, carrying `timestampMs` as its event time. Pure: the same arguments give the same line. */
export type LineGenerator = (n: number, timestampMs: number) => string
