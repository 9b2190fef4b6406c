import { draws, type LineGenerator, normal } from './random'

const CONTEXT = { median: 1500, spread: 1.1, max: 128_000 }
const GENERATED = { median: 130, spread: 1, max: 8_192 }

/**
 * Usage of a language model, one line per call: token counts with a long tail (log-normal, cut at the model's limits).
 */
export function llmUsageLines(seed: number): LineGenerator {
  const context = tokens(seed, 'context', CONTEXT)
  const generated = tokens(seed, 'generated', GENERATED)
  return (n, timestampMs) =>
    `{"TIMESTAMP":"${new Date(timestampMs).toISOString()}","ContextTokens":${context(n)},"GeneratedTokens":${generated(n)}}`
}

function tokens(seed: number, purpose: string, tail: typeof CONTEXT): (n: number) => number {
  const radius = draws(seed, `${purpose} radius`)
  const angle = draws(seed, `${purpose} angle`)
  return (n) => {
    const value = Math.round(tail.median * Math.exp(tail.spread * normal(radius(n), angle(n))))
    return Math.min(tail.max, Math.max(1, value))
  }
}

export interface BidShape {
  /** Number of auctions. */
  readonly keys: number
  /** Exponent of the auctions' popularity; 0 is uniform. */
  readonly zipf: number
  /** Share of bids, 0 to 1, with a price of 0: the pipeline dead-letters them. */
  readonly poison: number
}

const FIRST_ID = 1000
const BIDDERS = 10_000
const MEDIAN_PRICE_CENTS = 2000
const PRICE_SPREAD = 1.2
const CHANNELS = ['Apple', 'Google', 'Facebook', 'Baidu']
const CENTS = Array.from({ length: 100 }, (_, cents) => `.${String(cents).padStart(2, '0')}`)
const EXTRAS = Array.from({ length: 4096 }, (_, extra) => extra.toString(16).padStart(3, '0'))

/** Bids after NEXMark, about 128 bytes each: Zipf over the auctions, log-normal prices with cents. */
export function bidLines(seed: number, shape: BidShape): LineGenerator {
  const rankOf = zipf(shape.keys, shape.zipf)
  const slot = draws(seed, 'auction slot')
  const alias = draws(seed, 'auction alias')
  const bidder = draws(seed, 'bidder')
  const extra = draws(seed, 'extra')
  const price = priceText(seed, shape.poison)
  return (n, timestampMs) => {
    const auction = FIRST_ID + rankOf(slot(n), alias(n))
    const unit = extra(n)
    const channel = CHANNELS[Math.floor(unit * CHANNELS.length)]
    return `{"auction":${auction},"bidder":${FIRST_ID + Math.floor(bidder(n) * BIDDERS)},"price":${price(n)},"channel":"${channel}","url":"http://b.test/${auction}","dateTime":${timestampMs},"extra":"${EXTRAS[Math.floor(unit * EXTRAS.length)]}"}`
  }
}

function priceText(seed: number, poison: number): (n: number) => string {
  const radius = draws(seed, 'price radius')
  const angle = draws(seed, 'price angle')
  const poisoned = draws(seed, 'poison')
  return (n) => {
    if (poisoned(n) < poison) return '0'
    const value = MEDIAN_PRICE_CENTS * Math.exp(PRICE_SPREAD * normal(radius(n), angle(n)))
    const cents = Math.max(1, Math.round(value))
    return Math.floor(cents / 100) + CENTS[cents % 100]!
  }
}

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
