import { count, max, sum } from '../aggregate'
import type { OraclePipeline } from '../pipeline'
import { tumbling } from '../window'

export const hot: OraclePipeline = {
  name: 'hot',
  windowing: tumbling(10_000),
  timestamp: 'dateTime',
  key: 'auction',
  map: (event) => [event],
  aggregates: { bids: count(), revenue: sum('price'), top: max('price') },
}
