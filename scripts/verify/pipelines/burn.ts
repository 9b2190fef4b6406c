import { count, sum } from '../aggregate'
import type { OraclePipeline } from '../pipeline'
import { tumbling } from '../window'

export const burn: OraclePipeline = {
  name: 'burn',
  windowing: tumbling(10_000),
  timestamp: 'dateTime',
  key: 'auction',
  map: (event) => [event],
  aggregates: { bids: count(), volume: sum('price') },
}
