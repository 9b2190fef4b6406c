import { idleUsdPerHour } from '../../core/control/cost'
import type { PolicyName } from '../../core/control/policies'
import type { Figures } from './figures'
import { type Question, type Replay, scenarioOf } from './question'
import { simulate } from './simulate'
import { aligned } from './table'

/** A way to keep the target: machines that fold everything, or a base and bursts by one of the ways to the functions. */
export type Way = 'machines alone' | 'kinesis, standard' | 'kinesis, fan-out' | 'invoke'

/** What a base would come to with one of the ways. */
export interface PlanPoint
  extends Pick<Figures, 'processingDelayMs' | 'overTarget' | 'burst' | 'accepted' | 'usdPerHour' | 'usdPerHourParts'> {
  readonly way: Way
  readonly base: number
  /** Of the stream; null where none is used. */
  readonly shards: number | null
  readonly meetsTarget: boolean
}

export interface Plan {
  readonly maxOverTarget: number
  readonly latencyTargetMs: number
  /** All that was simulated. */
  readonly points: readonly PlanPoint[]
  /** The best base of each way: the cheapest that meets the target, else the one that comes nearest to it. */
  readonly best: readonly PlanPoint[]
  /** The cheapest of these that meets the target, and the next; null when none does. */
  readonly recommended: PlanPoint | null
  readonly runnerUp: PlanPoint | null
}

type Choice = Pick<Question, 'transport' | 'consumer'> & { readonly policy: PolicyName }

const WAYS: Readonly<Record<Way, Choice>> = {
  'machines alone': { policy: 'none', transport: 'invoke', consumer: 'standard' },
  'kinesis, standard': { policy: 'spillway', transport: 'kinesis', consumer: 'standard' },
  'kinesis, fan-out': { policy: 'spillway', transport: 'kinesis', consumer: 'fan-out' },
  invoke: { policy: 'spillway', transport: 'invoke', consumer: 'standard' },
}

const POINTS = 10
const FINER = 4
const HOURS_A_MONTH = 730

const whole = (value: number) => Math.round(value).toLocaleString('en-US')
const usd = (value: number) => `$${value.toFixed(4)}`
const perMonth = (usdPerHour: number) => (usdPerHour * HOURS_A_MONTH).toFixed(2)

/**
 * For each way the cheapest base with which at most `maxOverTarget` of the events are over the target: bases from half of
 * the mean rate to the peak, evenly by their logarithm, and finer about the cheapest of them. The price of a base machine
 * is for `--machine-rate` events per second, or for `--base`.
 */
export function planFor(question: Question, replay: Replay, say: (line: string) => void): Plan {
  const { maxOverTarget, latencyTargetMs } = question
  const priced = { ...question, machineRate: question.machineRate ?? question.base ?? 1 }
  const points = (Object.keys(WAYS) as Way[]).map((way) => pointsOf(way, priced, replay, say))
  return { maxOverTarget, latencyTargetMs, points: points.flat(), ...chosen(points.map(bestOf)) }
}

/** Of the best base of each way, the cheapest that meets the target, and the next. */
export function chosen(best: readonly PlanPoint[]): Pick<Plan, 'best' | 'recommended' | 'runnerUp'> {
  const good = best.filter(({ meetsTarget }) => meetsTarget).sort((one, other) => one.usdPerHour - other.usdPerHour)
  return { best, recommended: good[0] ?? null, runnerUp: good[1] ?? null }
}

/** The cheapest point that meets the target, else the one with the fewest events over it. */
export function bestOf(points: readonly PlanPoint[]): PlanPoint {
  const better = (one: PlanPoint, other: PlanPoint) => {
    if (one.meetsTarget !== other.meetsTarget) return one.meetsTarget
    return one.meetsTarget ? one.usdPerHour < other.usdPerHour : one.overTarget < other.overTarget
  }
  return points.reduce((best, each) => (better(each, best) ? each : best))
}

/** The best base of each way, a line each, and which of them to take. */
export function planTable(plan: Plan): string {
  const rows = plan.best.map((each) => [
    each.way,
    whole(each.base),
    each.shards === null ? '-' : whole(each.shards),
    whole(each.processingDelayMs.p99),
    `${(each.overTarget * 100).toFixed(2)} %`,
    `${((each.burst / each.accepted) * 100).toFixed(2)} %`,
    each.meetsTarget ? 'yes' : 'no',
    usd(each.usdPerHour),
    usd(each.usdPerHourParts.machines),
    usd(each.usdPerHourParts.burst),
    usd(each.usdPerHourParts.stream),
    `$${perMonth(each.usdPerHour)}`,
  ])
  const titles = 'way,base,shards,p99 ms,over target,burst,met,$/h,machines,burst $,stream $,a month'.split(',')
  return `${aligned([titles, ...rows])}\n\n${verdict(plan)}`
}

/** Which way to take and why, in a sentence or two. */
export function verdict({ maxOverTarget, latencyTargetMs, best, recommended, runnerUp }: Plan): string {
  const promise = `${((1 - maxOverTarget) * 100).toFixed(1)} % of the events within ${whole(latencyTargetMs)} ms`
  if (recommended === null) {
    const nearest = best.reduce((least, each) => (each.overTarget < least.overTarget ? each : least))
    return `No way keeps ${promise}: ${nearest.way} comes nearest, with ${(nearest.overTarget * 100).toFixed(2)} % over. Allow more by --max-over-target, or a longer --latency-target-ms.`
  }
  const first = `Take ${inWords(recommended)}: for ${usd(recommended.usdPerHour)} an hour it is the cheapest that keeps ${promise}.`
  if (runnerUp === null) return `${first} No other way does. ${DEPLOYMENT[recommended.way]}`
  const more = runnerUp.usdPerHour - recommended.usdPerHour
  const share = ((more / recommended.usdPerHour) * 100).toFixed(0)
  const next = `Next is ${inWords(runnerUp)}, which costs ${usd(more)} an hour or $${perMonth(more)} a month more (${share} %).`
  return `${first} ${next} ${DEPLOYMENT[recommended.way]}`
}

const TWO_SHARDS = idleUsdPerHour(2, 'fan-out')
/** How each way is deployed and started. */
const DEPLOYMENT: Readonly<Record<Way, string>> = {
  'machines alone': 'Start the node with --mode never: nothing bursts then.',
  'kinesis, standard': 'Deploy it with: npx sls deploy --param="consumer=standard".',
  'kinesis, fan-out': 'That is what npx sls deploy deploys.',
  invoke: `Deploy it without a stream, npx sls deploy --param="transport=invoke", and start the node with --transport invoke: at rest it costs nothing. With the stream that npx sls deploy makes by itself, two shards and a consumer, it would be ${usd(TWO_SHARDS)} an hour or $${perMonth(TWO_SHARDS)} a month more.`,
}

const inWords = ({ way, base }: PlanPoint) => `${way}, with a base of ${whole(base)} events/s`

function pointsOf(way: Way, question: Question, replay: Replay, say: (line: string) => void): readonly PlanPoint[] {
  const { policy, ...cloud } = WAYS[way]
  const asked = { ...question, ...cloud }
  const point = (base: number): PlanPoint => {
    say(`${way}, base ${whole(base)} events/s ...`)
    const scenario = scenarioOf(asked, replay, base)
    const { processingDelayMs, overTarget, burst, accepted, usdPerHour, usdPerHourParts } = simulate(scenario, policy)
    const usesStream = policy !== 'none' && cloud.transport === 'kinesis'
    return {
      ...{ way, base, shards: usesStream ? scenario.cloud.shards : null },
      ...{ processingDelayMs, overTarget, burst, accepted, usdPerHour, usdPerHourParts },
      meetsTarget: overTarget <= question.maxOverTarget,
    }
  }
  const { times, counts } = replay.curve
  const mean = (counts[counts.length - 1]! / times[times.length - 1]!) * 1000
  const coarse = spaced(mean / 2, scenarioOf(asked, replay, mean).demand.peakRate, POINTS).map(point)
  const finer = between(coarse, coarse.indexOf(bestOf(coarse))).map(point)
  return [...coarse, ...finer].sort((one, other) => one.base - other.base)
}

const spaced = (from: number, to: number, points: number): number[] =>
  Array.from({ length: points }, (_, n) => from * (Math.max(to, from) / from) ** (n / (points - 1)))

/** Bases between the neighbours of a point, without those that are there already. */
function between(points: readonly PlanPoint[], place: number): number[] {
  const low = points[Math.max(0, place - 1)]!.base
  const high = points[Math.min(points.length - 1, place + 1)]!.base
  return spaced(low, high, FINER + 2).slice(1, -1)
}
