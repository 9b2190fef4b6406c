import { count } from '../../../core/aggregates/count'
import { distinct } from '../../../core/aggregates/distinct'
import { max, min } from '../../../core/aggregates/extreme'
import { mean } from '../../../core/aggregates/mean'
import { quantile } from '../../../core/aggregates/quantile'
import { sum } from '../../../core/aggregates/sum'
import { type Pipeline, pipeline } from '../../../core/pipeline/pipeline'
import { sliding, tumbling } from '../../../core/pipeline/window'
import * as oracle from '../../../scripts/verify/aggregate'
import { DEAD_LETTER, type OraclePipeline } from '../../../scripts/verify/pipeline'
import * as oracleWindow from '../../../scripts/verify/window'
import type { Scenario } from '../scenario'

/**
 * What clients send. `nap` makes `map` wait so many ms, too long a one makes it hang; `fan` makes hundreds of groups; a
 * value below -1,000,000 makes `map` fail, and `flaky`, a number that no other event has, lets it fail now and then.
 * `deadly` ends the process that maps it, so many ms later; only 0 ms leave no other outcome, so the others are `flaky`
 * as well.
 */
export interface SimEvent {
  readonly k?: string
  readonly t: number | string
  readonly v: unknown
  readonly kind: unknown
  readonly nap?: number
  readonly fan?: number
  readonly flaky?: number
  readonly deadly?: number
}

/** What `map` depends on besides the event. */
export interface MapWorld {
  nap(ms: number): Promise<void>
  /** Whether the service that `map` asks fails this time. */
  fails(): boolean
  /** Ends the process after so many ms. */
  dies(delayMs: number): void
}

export const SIM_PIPELINE = 'sim'
const POISON = -1_000_000
const MAP_TIMEOUT_MS = 400
/** Longer than any wait for `map`. */
export const HANGS_MS = 1_000_000
const FAN_KEY_LENGTH = 500 // near the longest that is taken, so that few groups fill a chunk

const ours = { count, sum, mean, min, max, quantile, distinct }

function aggregates(make: typeof ours | typeof oracle, wide: boolean) {
  const few = { n: make.count(), total: make.sum('v') }
  if (wide) return few
  return {
    ...few,
    average: make.mean('v'),
    low: make.min('v'),
    high: make.max('v'),
    median: make.quantile('v', 0.5),
    kinds: make.distinct('kind'),
  }
}

const OURS = { wide: aggregates(ours, true), narrow: aggregates(ours, false) }

/** The pipeline as a process runs it. */
export function simPipeline(scenario: Scenario, { nap, fails, dies }: MapWorld): Pipeline {
  const { sizeMs, slideMs } = scenario
  return pipeline({
    name: SIM_PIPELINE,
    key: 'k',
    timestamp: { field: 't', unit: 'ms' },
    outOfOrderness: scenario.outOfOrdernessMs,
    allowedLateness: scenario.allowedLatenessMs,
    window: scenario.sliding ? sliding(sizeMs, slideMs) : tumbling(sizeMs),
    mapConcurrency: scenario.mapConcurrency,
    mapTimeout: MAP_TIMEOUT_MS,
    map: (event: SimEvent) => {
      if (event.deadly !== undefined) dies(event.deadly)
      if (event.deadly === 0) return new Promise<never>(() => {})
      if (event.flaky !== undefined && fails()) throw new Error('the service failed')
      return event.nap === undefined ? mapped(event) : nap(event.nap).then(() => mapped(event))
    },
    aggregates: OURS[scenario.wide ? 'wide' : 'narrow'] as { n: ReturnType<typeof count> },
  }) as unknown as Pipeline
}

/**
 * The same for the oracle, which knows the formulas and none of the product's code. `isDead` says which flaky events
 * were dead-lettered.
 */
export function oraclePipeline(
  { sliding: isSliding, sizeMs, slideMs, wide }: Scenario,
  isDead: (flaky: number) => boolean = () => false,
): OraclePipeline {
  return {
    name: SIM_PIPELINE,
    windowing: isSliding ? oracleWindow.sliding(sizeMs, slideMs) : oracleWindow.tumbling(sizeMs),
    timestamp: 't',
    timestampUnit: 'ms',
    key: 'k',
    map: (fields) => {
      const event = fields as unknown as SimEvent
      if (
        isPoison(event) ||
        event.nap === HANGS_MS ||
        event.deadly === 0 ||
        (event.flaky !== undefined && isDead(event.flaky))
      )
        return DEAD_LETTER
      return outputs(event) as unknown as readonly Record<string, unknown>[]
    },
    aggregates: aggregates(oracle, wide) as OraclePipeline['aggregates'],
  }
}

const isPoison = ({ v }: SimEvent) => typeof v === 'number' && v < POISON

function mapped(event: SimEvent): SimEvent[] | undefined {
  if (isPoison(event)) throw new Error('poison')
  const results = outputs(event)
  return results.length === 0 ? undefined : results
}

function outputs(event: SimEvent): SimEvent[] {
  if (event.kind === 'skip') return []
  if (event.kind === 'twice') return [event, { ...event, kind: 'again' }]
  if (event.fan === undefined) return [event]
  const key = (n: number) => `${event.k} ${event.nap} ${n}`.padEnd(FAN_KEY_LENGTH, '.')
  return Array.from({ length: event.fan }, (_, n) => ({ ...event, k: key(n) }))
}
