import { count } from '../../core/aggregates/count'
import { distinct } from '../../core/aggregates/distinct'
import { max, min } from '../../core/aggregates/extreme'
import { mean } from '../../core/aggregates/mean'
import { quantile } from '../../core/aggregates/quantile'
import { sum } from '../../core/aggregates/sum'
import { type Aggregates, type Pipeline, pipeline } from '../../core/pipeline/pipeline'
import { tumbling } from '../../core/pipeline/window'

/** Whether states are numbers side by side, or objects, as those of users' own aggregates are. */
export type Form = 'cells' | 'objects'
export const FORMS: readonly Form[] = ['cells', 'objects']

/** What is measured, by name. */
export const MEASURED = {
  count: { n: count() },
  sum: { total: sum('price') },
  mean: { average: mean('price') },
  min: { low: min('price') },
  max: { top: max('price') },
  quantile: { p99: quantile('price', 0.99) },
  distinct: { bidders: distinct('bidder') },
  'count, sum, max': { n: count(), total: sum('price'), top: max('price') },
} satisfies Record<string, Aggregates>

export type MeasuredName = keyof typeof MEASURED

/** The same aggregates in this form: a copy of a built-in one keeps its states as objects. */
export function inForm(aggregates: Aggregates, form: Form): Aggregates {
  if (form === 'cells') return aggregates
  return Object.fromEntries(Object.entries(aggregates).map(([name, aggregate]) => [name, { ...aggregate }]))
}

/** A pipeline over bids with these aggregates, and no `map`. */
export const bidPipeline = (aggregates: Aggregates, form: Form): Pipeline =>
  pipeline({
    name: 'measured',
    key: 'auction',
    timestamp: 'dateTime',
    window: tumbling('10s'),
    aggregates: inForm(aggregates, form),
  }) as unknown as Pipeline
