import { count, max, pipeline, sum, tumbling } from 'spillway'

/** Bids per auction without a `map`: work so cheap that bursting it never pays. For comparing what an event costs. */
export default pipeline({
  name: 'hot',
  key: 'auction',
  timestamp: 'dateTime',
  window: tumbling('10s'),
  allowedLateness: '5s',
  aggregates: { bids: count(), revenue: sum('price'), top: max('price') },
})
