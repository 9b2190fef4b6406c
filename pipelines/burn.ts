import { count, pipeline, sum, tumbling } from 'spillway'
import { PricingService } from './pricing-service'

const USUAL_BURN_US = 10
const MOST_BURN_US = 1_000_000
const MOST_WAIT_MS = 600_000

/** A number of at least 0 from the environment. Throws for anything else. */
function setting(name: string, usual: number, most: number): number {
  const text = process.env[name]
  if (text === undefined) return usual
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (value >= 0 && value <= most) return value
  throw new Error(`${name} is ${JSON.stringify(text)}; it takes a number from 0 to ${most}`)
}

/** Microseconds of processor time, and ms of waiting for a service that serves four at once, for each event. */
const burnUs = setting('BURN_US', USUAL_BURN_US, MOST_BURN_US)
const waitMs = setting('BURN_WAIT_MS', 0, MOST_WAIT_MS)
const service = new PricingService(4, waitMs, 42)

/**
 * Takes bids and does nothing useful with them, at a price that can be set: to find from which cost of `map` on
 * bursting pays.
 */
export default pipeline({
  name: 'burn',
  key: 'auction',
  timestamp: 'dateTime',
  map: waitMs > 0 ? waiting : burning,
  window: tumbling('10s'),
  allowedLateness: '5s',
  mapTimeout: '10m',
  aggregates: { bids: count(), volume: sum('price') },
})

function burning<Event>(event: Event): Event {
  const endMs = performance.now() + burnUs / 1000
  while (burnUs > 0 && performance.now() < endMs);
  return event
}

async function waiting<Event>(event: Event): Promise<Event> {
  await service.rate('burn')
  return event
}
