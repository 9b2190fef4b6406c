import type { Series } from '../support/scrape'

/** One series that a query reads. */
export interface Selector {
  readonly metric: string
  readonly matchers: readonly { readonly label: string; readonly operator: string; readonly value: string }[]
  /** Whether it reads a range: `name[5m]`. */
  readonly isRange: boolean
  /** The function or aggregation right around it; null at the top. */
  readonly within: string | null
}

/** What a query reads, and the labels that it groups or matches by. */
export interface Query {
  readonly selectors: readonly Selector[]
  readonly labels: readonly string[]
}

const TOKEN =
  /\s+|#[^\n]*|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\$?[a-zA-Z_:][\w:]*|\d+(?:\.\d+)?(?:e[-+]?\d+)?(?:ms|[smhdwy])?|[=!]~|[=!<>]=|[-+*/%^<>=(){}[\],@:]/gy
const LABEL_LISTS = new Set(['by', 'without', 'on', 'ignoring', 'group_left', 'group_right'])
const WORDS = new Set(['and', 'or', 'unless', 'bool', 'offset', 'inf', 'nan', 'start', 'end'])
const NAME = /^[a-zA-Z_:]/

/** Reads what a PromQL query selects. Throws for what is no PromQL as far as can be told without its types. */
export function readQuery(text: string): Query {
  const tokens = tokensOf(text)
  const selectors: Selector[] = []
  const labels: string[] = []
  const around: (string | null)[] = []
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at]!
    const next = tokens[at + 1]
    if (token === '(') around.push(null)
    else if (token === ')') close(around, text)
    else if (token === '[') at = endOf(tokens, at, ']', text)
    else if (!NAME.test(token) || WORDS.has(token.toLowerCase())) continue
    else if (LABEL_LISTS.has(token)) {
      if (next !== '(') continue // group_left alone
      const end = endOf(tokens, at + 1, ')', text)
      labels.push(...tokens.slice(at + 2, end).filter((one) => one !== ','))
      at = end
    } else if (next === '(' || LABEL_LISTS.has(next ?? '')) {
      const open = next === '(' ? at + 1 : endOf(tokens, at + 2, ')', text) + 1
      if (next !== '(') labels.push(...tokens.slice(at + 3, open - 1).filter((one) => one !== ','))
      if (tokens[open] !== '(') throw new Error(`${token} is applied to nothing in ${text}`)
      around.push(token)
      at = open
    } else {
      const end = next === '{' ? endOf(tokens, at + 1, '}', text) : at
      const matchers = matchersOf(tokens.slice(at + 2, end), text)
      const isRange = tokens[end + 1] === '['
      selectors.push({ metric: token, matchers, isRange, within: around.at(-1) ?? null })
      at = isRange ? endOf(tokens, end + 1, ']', text) : end
    }
  }
  if (around.length > 0) throw new Error(`a bracket is not closed in ${text}`)
  return { selectors, labels }
}

function tokensOf(text: string): string[] {
  const tokens: string[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex
    const [token] = TOKEN.exec(text) ?? []
    if (token === undefined) throw new Error(`no PromQL at ${JSON.stringify(text.slice(at, at + 20))} in ${text}`)
    if (!/^(\s|#)/.test(token)) tokens.push(token)
  }
  return tokens
}

function close(around: (string | null)[], text: string): void {
  if (around.pop() === undefined) throw new Error(`a bracket closes nothing in ${text}`)
}

function endOf(tokens: readonly string[], from: number, bracket: string, text: string): number {
  const end = tokens.indexOf(bracket, from)
  if (end < 0) throw new Error(`${bracket} is missing in ${text}`)
  return end
}

function matchersOf(tokens: readonly string[], text: string): Selector['matchers'] {
  const matchers: Selector['matchers'][number][] = []
  for (let at = 0; at < tokens.length; at += 4) {
    const [label = '', operator = '', quoted = '', comma = ','] = tokens.slice(at, at + 4)
    if (!NAME.test(label) || !/^([=!]~|!?=)$/.test(operator) || !/^["']/.test(quoted) || comma !== ',')
      throw new Error(`no matchers: ${tokens.join(' ')} in ${text}`)
    matchers.push({ label, operator, value: quoted.slice(1, -1) })
  }
  return matchers
}

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
