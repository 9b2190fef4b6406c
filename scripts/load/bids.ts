import type { LineGenerator } from './line-generator'
import { draws, normal } from './random'
import { zipf } from './zipf'

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
