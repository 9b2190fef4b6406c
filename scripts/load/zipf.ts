/** Turns two uniform numbers in [0, 1) into a rank in [0, keys); rank r has a weight of 1 / (r + 1) ** exponent. */
export type RankSampler = (u: number, v: number) => number

/** Zipf over `keys` ranks by the alias method (Vose 1991): built once, then constant time at any number of keys. */
export function zipf(keys: number, exponent: number): RankSampler {
  const { share, alias } = aliasTable(zipfWeights(keys, exponent))
  return (u, v) => {
    const slot = Math.floor(u * keys)
    return v < share[slot]! ? slot : alias[slot]!
  }
}

function zipfWeights(keys: number, exponent: number): Float64Array {
  const weights = Float64Array.from({ length: keys }, (_, rank) => 1 / (rank + 1) ** exponent)
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / keys
  return weights.map((weight) => weight / mean)
}

/** Each slot keeps `share` of its own weight and gives the rest of its unit to one heavier rank. */
function aliasTable(weights: Float64Array): { share: Float64Array; alias: Uint32Array } {
  const share = new Float64Array(weights.length).fill(1)
  const alias = Uint32Array.from(weights.keys())
  const left = weights.slice()
  const light: number[] = []
  const heavy: number[] = []
  for (const [rank, weight] of weights.entries()) (weight < 1 ? light : heavy).push(rank)
  while (light.length > 0 && heavy.length > 0) {
    const slot = light.pop()!
    const giver = heavy[heavy.length - 1]!
    share[slot] = left[slot]!
    alias[slot] = giver
    left[giver]! -= 1 - left[slot]!
    if (left[giver]! < 1) light.push(heavy.pop()!)
  }
  return { share, alias }
}
