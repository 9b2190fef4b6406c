/** Where the product and a reading of the documentation part, and the least request over which they do. */
import { isUtf8 } from 'node:buffer'
import type { Case } from './hostile-bodies'
import type { Outcome } from './outcome'
import { outcomeByProduct } from './product'
import { outcomeByReading } from './reading'

/** A request that two readings judge differently. */
export interface Difference {
  readonly of: Case
  readonly product: Outcome
  readonly reading: Outcome
}

export type Reading = typeof outcomeByReading

export async function differenceOf(of: Case, reading: Reading = outcomeByReading): Promise<Difference | null> {
  const difference = {
    of,
    product: await outcomeByProduct(of.pair.product, of.body, of.situation),
    reading: reading(of.pair.reading, of.body, of.situation),
  }
  return JSON.stringify(difference.product) === JSON.stringify(difference.reading) ? null : difference
}

/** Takes bytes away for as long as there is a difference: half of the body at once, then less, then one. */
export async function leastDifference(found: Difference, reading: Reading = outcomeByReading): Promise<Difference> {
  let least = found
  for (let size = found.of.body.length; size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < least.of.body.length; ) {
      const { body } = least.of
      const smaller = Buffer.concat([body.subarray(0, at), body.subarray(at + size)])
      const difference = await differenceOf({ ...least.of, body: smaller }, reading)
      if (difference === null) at += size
      else least = difference
    }
  }
  return least
}

/** As a person can read it; what is no UTF-8 in hexadecimal form, too. */
export function describeDifference({ of, product, reading }: Difference): string[] {
  const { nowMs, horizonMs } = of.situation
  return [
    `pipeline   ${of.pair.name}, clock ${nowMs}, horizon ${horizonMs ?? 'none'}`,
    `body       ${JSON.stringify(of.body.toString('utf8'))}`,
    ...(isUtf8(of.body) ? [] : [`in hex     ${of.body.toString('hex')}`]),
    `product    ${JSON.stringify(product)}`,
    `reading    ${JSON.stringify(reading)}`,
  ]
}
