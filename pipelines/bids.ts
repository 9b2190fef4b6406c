import { count, distinct, max, mean, min, pipeline, quantile, sum, tumbling } from 'spillway'
import * as z from 'zod/mini'
import { PricingService, simulatedSlots } from './pricing-service'

/** 4 requests of 2 ms at once: 2,000 bids a second for each process that runs this pipeline. */
const pricing = new PricingService(simulatedSlots(process.env), 2, 42)

/** Bids per auction, after the NEXMark benchmark; each bid's price is converted at the rate of its auction. */
export default pipeline({
  name: 'bids',
  event: z.looseObject({ auction: z.union([z.number(), z.string()]), bidder: z.union([z.number(), z.string()]) }),
  key: 'auction',
  timestamp: 'dateTime',
  map: async (bid) => {
    const { price } = bid
    if (typeof price !== 'number' || !(price > 0)) throw new Error(`the price ${JSON.stringify(price)} is not above 0`)
    return { ...bid, price: price * (await pricing.rate(String(bid.auction))) }
  },
  window: tumbling('10s'),
  allowedLateness: '5s',
  aggregates: {
    bids: count(),
    revenue: sum('price'),
    low: min('price'),
    top: max('price'),
    average: mean('price'),
    p99: quantile('price', 0.99),
    bidders: distinct('bidder'),
  },
})
