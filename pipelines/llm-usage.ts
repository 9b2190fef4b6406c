import { count, pipeline, quantile, sum, tumbling } from 'spillway'
import { PricingService } from './pricing-service'

/** Fields and names as in the Azure LLM inference traces, so that such a file can be sent as it is. */
interface Usage {
  readonly TIMESTAMP: unknown
  readonly ContextTokens: unknown
  readonly GeneratedTokens: unknown
}

const pricing = new PricingService(4, 2, 42)

const OUTPUT_TOKEN_WEIGHT = 3 // a generated token costs about three times a read one

/** Requests to a language model: how many, how large and what they cost, by size of the prompt, a minute at a time. */
export default pipeline({
  name: 'llm-usage',
  timestamp: (request: Usage) => request.TIMESTAMP,
  key: (request: { size: string }) => request.size,
  map: async (request: Usage) => {
    const context = tokens('ContextTokens', request.ContextTokens)
    const generated = tokens('GeneratedTokens', request.GeneratedTokens)
    const size = context < 1_000 ? 'small' : context < 4_000 ? 'medium' : 'large'
    const cost = ((context + OUTPUT_TOKEN_WEIGHT * generated) * (await pricing.rate(size))) / 1e6
    return { ...request, size, cost }
  },
  window: tumbling('1m'),
  allowedLateness: '5s',
  aggregates: {
    requests: count(),
    contextTokens: sum('ContextTokens'),
    generatedTokens: sum('GeneratedTokens'),
    p99Context: quantile('ContextTokens', 0.99),
    p99Generated: quantile('GeneratedTokens', 0.99),
    cost: sum('cost'),
  },
})

function tokens(field: string, value: unknown): number {
  if (typeof value === 'number' && value >= 0) return value
  throw new Error(`${field} is ${JSON.stringify(value)}, not a number of at least 0`)
}
