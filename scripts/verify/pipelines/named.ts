import { CannotVerify } from '../accepted'
import { count, distinct, max, mean, min, quantile, sum } from '../aggregate'
import { murmur3, utf8 } from '../distinct'
import { type Fields, field, keyText } from '../field'
import { DEAD_LETTER, type OraclePipeline } from '../pipeline'
import { tumbling } from '../window'

export const hot: OraclePipeline = {
  name: 'hot',
  windowing: tumbling(10_000),
  timestamp: 'dateTime',
  key: 'auction',
  map: (event) => [event],
  aggregates: { bids: count(), revenue: sum('price'), top: max('price') },
}

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

export const burn: OraclePipeline = {
  name: 'burn',
  windowing: tumbling(10_000),
  timestamp: 'dateTime',
  key: 'auction',
  map: (event) => [event],
  aggregates: { bids: count(), volume: sum('price') },
}

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

const PIPELINES: readonly OraclePipeline[] = [bids, burn, hot, llmUsage]

/** The oracle's own description of the pipeline that the edge node runs. Throws CannotVerify for an unknown one. */
export function oraclePipeline(name: string): OraclePipeline {
  const found = PIPELINES.find((pipeline) => pipeline.name === name)
  if (found) return found
  const known = PIPELINES.map((pipeline) => pipeline.name).join(', ')
  throw new CannotVerify(
    'unknown-pipeline',
    `there is no oracle for the pipeline "${name}" (known: ${known}): each is written apart from its pipeline, in scripts/verify/pipelines/ of the repository. In a project, spillway/testing checks a pipeline: run(pipeline, events, { split: 'every way' })`,
  )
}

/** The simulated pricing service: from 0.5 to 1.499. */
export function rate(text: string): number {
  return 0.5 + (murmur3(utf8(`42:${text}`), 0) % 1000) / 1000
}
