import type { Series } from '../support/scrape'
import { readQuery, type Selector } from './promql'

/** Labels that Prometheus adds to what it scrapes. */
export const ADDED: readonly string[] = ['instance', 'job']

/** Labels whose values are a closed list, so that a query for another value finds nothing for good. */
const CLOSED: readonly string[] = ['outcome', 'state', 'mode', 'route']
const OF_COUNTERS: readonly string[] = ['rate', 'irate', 'increase', 'resets']

/** What is wrong with a query over these series, in words. `up` is Prometheus' own. */
export function problemsOf(text: string, found: ReadonlyMap<string, Series>): string[] {
  const query = readQuery(text)
  const selectors = query.selectors.filter(({ metric }) => metric !== 'up')
  const known = new Set([...ADDED, ...selectors.flatMap(({ metric }) => [...(found.get(metric)?.labels.keys() ?? [])])])
  const strange = query.labels.filter((label) => !known.has(label))
  return [
    ...selectors.flatMap((selector) => problemsOfSelector(selector, found.get(selector.metric))),
    ...strange.map((label) => `nothing has a label ${label}`),
  ]
}

function problemsOfSelector({ metric, matchers, isRange, within }: Selector, series: Series | undefined): string[] {
  if (series === undefined) return [`there is no ${metric}`]
  const isCounted = series.kind !== 'gauge'
  const misread = !isRange && isCounted ? [`${metric} is a ${series.kind} and read as it is`] : []
  const misused =
    isRange && OF_COUNTERS.includes(within ?? '') !== isCounted ? [`${within} of ${metric}, a ${series.kind}`] : []
  return [...misread, ...misused, ...matchers.flatMap((matcher) => problemsOfMatcher(metric, matcher, series))]
}

function problemsOfMatcher(metric: string, { label, operator, value }: Selector['matchers'][number], series: Series) {
  if (ADDED.includes(label)) return []
  const values = series.labels.get(label)
  if (values === undefined) return [`${metric} has no label ${label}`]
  if (!CLOSED.includes(label)) return []
  const wanted = operator.endsWith('~') ? value.split('|') : [value]
  return wanted.filter((one) => !values.has(one)).map((one) => `${label} of ${metric} is never ${one}`)
}
