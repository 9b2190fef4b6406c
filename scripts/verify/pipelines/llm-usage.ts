import { count, quantile, sum } from '../aggregate'
import { type Fields, field } from '../field'
import { DEAD_LETTER, type OraclePipeline } from '../pipeline'
import { tumbling } from '../window'
import { rate } from './price'

export const llmUsage: OraclePipeline = {
  name: 'llm-usage',
  windowing: tumbling(60_000),
  timestamp: 'TIMESTAMP',
  key: (event) => sizeClass(Number(field(event, 'ContextTokens'))),
  map: withCost,
  aggregates: {
    requests: count(),
    contextTokens: sum('ContextTokens'),
    generatedTokens: sum('GeneratedTokens'),
    p99Context: quantile('ContextTokens', 0.99),
    p99Generated: quantile('GeneratedTokens', 0.99),
    cost: sum('cost'),
  },
}

function withCost(event: Fields): readonly Fields[] | typeof DEAD_LETTER {
  const context = field(event, 'ContextTokens')
  const generated = field(event, 'GeneratedTokens')
  if (!isAmount(context) || !isAmount(generated)) return DEAD_LETTER
  return [{ ...event, cost: ((context + 3 * generated) * rate(sizeClass(context))) / 1e6 }]
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0
}

function sizeClass(contextTokens: number): string {
  if (contextTokens < 1000) return 'small'
  return contextTokens < 4000 ? 'medium' : 'large'
}
