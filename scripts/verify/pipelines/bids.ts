import { count, distinct, max, mean, min, quantile, sum } from '../aggregate'
import { type Fields, field, keyText } from '../field'
import { DEAD_LETTER, type OraclePipeline } from '../pipeline'
import { tumbling } from '../window'
import { rate } from './price'

export const bids: OraclePipeline = {
  name: 'bids',
  windowing: tumbling(10_000),
  timestamp: 'dateTime',
  key: 'auction',
  map: priced,
  aggregates: {
    bids: count(),
    revenue: sum('price'),
    low: min('price'),
    top: max('price'),
    average: mean('price'),
    p99: quantile('price', 0.99),
    bidders: distinct('bidder'),
  },
}

function priced(event: Fields): readonly Fields[] | typeof DEAD_LETTER {
  const key = keyText(field(event, 'auction'))
  const price = field(event, 'price')
  if (key === undefined || typeof price !== 'number' || !(price > 0)) return DEAD_LETTER
  return [{ ...event, price: price * rate(key) }]
}
