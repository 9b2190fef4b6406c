import * as z from 'zod'
import type { Watched } from './advice'
import { lengthOf } from './advice-text'
import { CannotAdvise } from './cannot-advise'
import type { Source } from './cli'
import type { Observation } from './observation'

type Prometheus = Extract<Source, { kind: 'prometheus' }>

const MOST_POINTS = 10_900 // Prometheus refuses a query of more than 11,000
const STEPS_S = [15, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 86_400]
const TIMEOUT_MS = 120_000 // its own limit for a query

const answered = z.object({
  status: z.literal('success'),
  data: z.object({
    resultType: z.string(),
    result: z.array(
      z.object({ metric: z.record(z.string(), z.string()), values: z.array(z.tuple([z.number(), z.string()])) }),
    ),
  }),
})

const refused = z.object({ status: z.literal('error'), errorType: z.string(), error: z.string() })

/** Seconds between two points: the least that Prometheus allows for so long a time. */
export function stepFor(forMs: number, stepMs?: number): number {
  if (stepMs !== undefined) return Math.round(stepMs / 1000)
  const seconds = forMs / 1000
  return STEPS_S.find((step) => seconds / step <= MOST_POINTS) ?? STEPS_S.at(-1)!
}

/** The load of the time up to `nowMs`, as Prometheus has it. Rejects with CannotAdvise. */
export async function watchPrometheus(
  source: Prometheus,
  forMs: number,
  nowMs: number,
  say: (text: string) => void,
): Promise<Watched> {
  say(`Asking Prometheus at ${source.url} for ${lengthOf(forMs / 1000)} of ${source.query} ...`)
  const seen = await askPrometheus(source, forMs, nowMs)
  return { where: `${source.query}, by Prometheus at ${source.url}`, subtasks: null, seen }
}

/** Asks for the load up to `nowMs`. Rejects with CannotAdvise. */
export async function askPrometheus(source: Prometheus, forMs: number, nowMs: number): Promise<Observation> {
  const stepS = stepFor(forMs, source.stepMs)
  const bins = Math.floor(forMs / 1000 / stepS)
  if (bins < 2) throw new CannotAdvise('nothing_seen', `--for has to be at least two steps of ${stepS} s`, false)
  const endS = Math.floor(nowMs / 1000 / stepS) * stepS
  const range = { startS: endS - bins * stepS, endS, stepS }
  const ask = (query: string) => seriesOf(source, query, range)
  const [rates, waiting, busy] = await Promise.all([
    ask(source.query),
    source.lagQuery === undefined ? null : ask(source.lagQuery),
    source.busyQuery === undefined ? null : ask(source.busyQuery),
  ])
  return observed(rates, waiting, busy, stepS)
}

type Points = readonly (number | null)[]

/** A point tells of the step before it; the first one is there for the lag alone. */
function observed(rates: Points, waiting: Points | null, busy: Points | null, binSeconds: number): Observation {
  const arrived = rates.slice(1).map((perSecond) => Math.max(0, perSecond ?? 0) * binSeconds)
  const taken = arrived.map((events, bin) => {
    const before = waiting?.[bin] ?? null
    const after = waiting?.[bin + 1] ?? null
    return before === null || after === null ? events : Math.max(0, events - (after - before))
  })
  const nothing = arrived.map(() => null)
  return {
    ...{ binSeconds, arrived, taken },
    waiting: waiting?.slice(1) ?? nothing,
    busy: busy?.slice(1) ?? nothing,
    isGap: rates.slice(1).map((perSecond) => perSecond === null),
  }
}

interface Range {
  readonly startS: number
  readonly endS: number
  readonly stepS: number
}

/** The points of a query, null where it has none. */
async function seriesOf(source: Prometheus, query: string, range: Range): Promise<Points> {
  const { startS, endS, stepS } = range
  const url = new URL(`${source.url.replace(/\/$/, '')}/api/v1/query_range`)
  const parameters = { query, start: String(startS), end: String(endS), step: String(stepS) }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  const { result } = await answerOf(url, source.token)
  const [only, ...others] = result
  if (only === undefined) {
    throw new CannotAdvise(
      'nothing_seen',
      `the query ${query} gives nothing in that time; try it on Prometheus' page`,
      false,
    )
  }
  if (others.length > 0) {
    const what = `the query ${query} gives ${result.length} series`
    throw new CannotAdvise('not_understood', `${what}: make one of them, such as sum(${query})`, false)
  }
  const values = new Map(only.values.map(([atS, text]) => [Math.round(atS), Number(text)]))
  const points = Math.round((endS - startS) / stepS) + 1
  return Array.from({ length: points }, (_, index) => finite(values.get(startS + index * stepS)))
}

const finite = (value: number | undefined) => (value !== undefined && Number.isFinite(value) ? value : null)

async function answerOf(url: URL, token: string | undefined) {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) }).catch((error: Error) => {
    const why = `${error.message}${error.cause instanceof Error ? `: ${error.cause.message}` : ''}`
    throw new CannotAdvise(
      'unreachable',
      `Prometheus at ${url.origin} does not answer (${why}); see --prometheus`,
      true,
    )
  })
  const text = await response.text()
  const body = parsed(text)
  const good = answered.safeParse(body)
  if (response.ok && good.success && good.data.data.resultType === 'matrix') return good.data.data
  const bad = refused.safeParse(body)
  const says = bad.success ? bad.data.error : `status ${response.status}, ${text.slice(0, 200)}`
  const isPassing = response.status >= 500
  const advice =
    response.status === 401 || response.status === 403 ? 'set PROMETHEUS_TOKEN' : 'see --prometheus and --query'
  throw new CannotAdvise('refused', `Prometheus at ${url.origin} does not answer that: ${says}; ${advice}`, isPassing)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
