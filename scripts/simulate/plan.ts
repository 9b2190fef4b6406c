import type { Figures } from './figures'
import { type Question, type Replay, scenarioOf } from './question'
import { simulate } from './simulate'
import { aligned } from './table'

/** What a base would come to under spillway. */
export interface PlanPoint
  extends Pick<Figures, 'processingDelayMs' | 'overTarget' | 'burst' | 'usdPerHour' | 'usdPerHourParts'> {
  readonly base: number
  readonly meetsTarget: boolean
}

export interface Plan {
  readonly maxOverTarget: number
  readonly points: readonly PlanPoint[]
  /** The cheapest base that meets the target; null when none does. */
  readonly recommended: PlanPoint | null
}

const POINTS = 12
const FINER = 6

/**
 * The cheapest base for which at most `maxOverTarget` of the events are over the target: bases from half of the mean
 * rate to the peak, evenly by their logarithm, and finer about the cheapest of them. The price of a base machine is for
 * `--machine-rate` events per second, or for `--base`.
 */
export function planFor(question: Question, replay: Replay, say: (line: string) => void): Plan {
  const machineRate = question.machineRate ?? question.base ?? 1
  const point = (base: number) => {
    say(`base ${Math.round(base).toLocaleString('en-US')} events/s ...`)
    return pointOf(simulate(scenarioOf({ ...question, machineRate }, replay, base), 'spillway'), base, question)
  }
  const { times, counts } = replay.curve
  const mean = (counts[counts.length - 1]! / times[times.length - 1]!) * 1000
  const peak = scenarioOf({ ...question, machineRate }, replay, mean).demand.peakRate
  const coarse = spaced(mean / 2, peak, POINTS).map(point)
  const best = cheapest(coarse)
  const place = best === null ? -1 : coarse.indexOf(best)
  const finer = best === null ? [] : between(coarse, place).map(point)
  const points = [...coarse, ...finer].sort((one, other) => one.base - other.base)
  return { maxOverTarget: question.maxOverTarget, points, recommended: cheapest(points) }
}

/** The cheapest point that meets the target; null when none does. */
export function cheapest(points: readonly PlanPoint[]): PlanPoint | null {
  const good = points.filter(({ meetsTarget }) => meetsTarget)
  return good.reduce<PlanPoint | null>(
    (best, each) => (best === null || each.usdPerHour < best.usdPerHour ? each : best),
    null,
  )
}

export function planTable({ points, recommended, maxOverTarget }: Plan): string {
  const rows = points.map((each) => [
    each === recommended ? '->' : '',
    Math.round(each.base).toLocaleString('en-US'),
    `$${each.usdPerHour.toFixed(4)}`,
    `$${each.usdPerHourParts.machines.toFixed(4)}`,
    `${(each.overTarget * 100).toFixed(2)} %`,
    Math.round(each.processingDelayMs.p99).toLocaleString('en-US'),
    each.meetsTarget ? 'yes' : 'no',
  ])
  const titles = ['', 'base', '$/h', 'machines', 'over target', 'p99 ms', 'met']
  const verdict =
    recommended === null
      ? `No base up to the peak keeps ${((1 - maxOverTarget) * 100).toFixed(1)} % of the events within the target: allow more, or try --transport invoke.`
      : `The cheapest base that meets the target folds ${Math.round(recommended.base).toLocaleString('en-US')} events/s, for $${recommended.usdPerHour.toFixed(4)} an hour with its burst.`
  return `${aligned([titles, ...rows])}\n\n${verdict}`
}

function pointOf(figures: Figures, base: number, { maxOverTarget }: Question): PlanPoint {
  const { processingDelayMs, overTarget, burst, usdPerHour, usdPerHourParts } = figures
  return {
    base,
    processingDelayMs,
    overTarget,
    burst,
    usdPerHour,
    usdPerHourParts,
    meetsTarget: overTarget <= maxOverTarget,
  }
}

const spaced = (from: number, to: number, points: number): number[] =>
  Array.from({ length: points }, (_, n) => from * (Math.max(to, from) / from) ** (n / (points - 1)))

/** Bases between the neighbours of a point, without those that are there already. */
function between(points: readonly PlanPoint[], place: number): number[] {
  const low = points[Math.max(0, place - 1)]!.base
  const high = points[Math.min(points.length - 1, place + 1)]!.base
  return spaced(low, high, FINER + 2).slice(1, -1)
}
