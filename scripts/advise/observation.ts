import { type Curve, countAt, curveThrough } from '../load/schedule/curve'
import { type TraceRows, traceText } from '../load/schedule/trace-slice'

/** One look at a job. Counts are events since the job was started; null: the job does not say. */
export interface Look {
  /** Epoch time. */
  readonly atMs: number
  readonly taken: number
  readonly waiting: number | null
  /** Of each part of the job that says: ms in which its subtasks worked, together, and how many they are. */
  readonly busy: readonly BusyTime[]
  /** How often the job was started again. */
  readonly restarts: number
}

export interface BusyTime {
  readonly part: string
  readonly ms: number
  readonly subtasks: number
}

/** What was seen of a load, bin by bin. Counts are events; null: nothing tells. */
export interface Observation {
  readonly binSeconds: number
  /** What came: what was taken in, and by how much more waited after it. */
  readonly arrived: readonly number[]
  readonly taken: readonly number[]
  /** At the end of each bin. */
  readonly waiting: readonly (number | null)[]
  /** Share of its time in which the busiest part of the job worked, 0 to 1. */
  readonly busy: readonly (number | null)[]
  /** Bins in which nothing could be learned: a restart, or no answer. */
  readonly isGap: readonly boolean[]
}

const MOST_BINS = 10_000 // a day of ten seconds each; more would take minutes to simulate and say no more
const IDLE_AFTER = 3 // times the usual time between two new values: then nothing came, rather than no news

/**
 * Makes bins of looks. A cluster renews its figures every some seconds, and in between a look sees the old ones: only
 * looks at new figures count, and the bins are no shorter than the time between two of those.
 */
export function observe(looks: readonly Look[]): Observation | null {
  const fresh = newsOf(looks)
  const first = fresh[0]
  const last = fresh.at(-1)
  if (first === undefined || last === undefined || fresh.length < 3) return null
  const renewedMs = median(gapsOf(fresh))
  const points = pointsOf(fresh, renewedMs)
  const seconds = (last.atMs - first.atMs) / 1000
  const binSeconds = Math.max(1, Math.round(renewedMs / 1000), Math.ceil(seconds / MOST_BINS))
  const bins = Math.floor(seconds / binSeconds)
  if (bins < 2) return null
  const edges = Array.from({ length: bins + 1 }, (_, bin) => first.atMs + bin * binSeconds * 1000)
  const inBins = binned(points, first.atMs, binSeconds, bins)
  return {
    binSeconds,
    arrived: differences(curveThrough(points.map(({ atMs, arrived }) => [atMs, arrived])), edges),
    taken: differences(curveThrough(points.map(({ atMs, taken }) => [atMs, taken])), edges),
    waiting: waitingAt(points, edges.slice(1)),
    busy: inBins.map((inBin) => most(inBin.map(({ busy }) => busy))),
    isGap: inBins.map((inBin) => inBin.some(({ isGap }) => isGap)),
  }
}

interface Point {
  readonly atMs: number
  /** Taken and waiting may be read a moment apart, so their sum may fall; what arrived never does. */
  readonly sum: number
  readonly arrived: number
  readonly taken: number
  readonly waiting: number | null
  readonly busy: number | null
  readonly isGap: boolean
}

/** The points after the beginning of each bin, up to its end. */
function binned(points: readonly Point[], startMs: number, binSeconds: number, bins: number): Point[][] {
  const all: Point[][] = Array.from({ length: bins }, () => [])
  for (const point of points) all[Math.ceil((point.atMs - startMs) / 1000 / binSeconds) - 1]?.push(point)
  return all
}

/** The looks at new figures, and the first one. */
function newsOf(looks: readonly Look[]): Look[] {
  const news: Look[] = []
  for (const look of looks) {
    const before = news.at(-1)
    if (before === undefined || look.taken !== before.taken || look.waiting !== before.waiting) news.push(look)
  }
  const last = looks.at(-1)
  return last === undefined || last === news.at(-1) ? news : [...news, last]
}

const gapsOf = (looks: readonly Look[]) => looks.slice(1).map(({ atMs }, index) => atMs - looks[index]!.atMs)

/** Cumulative counts that go on over restarts, where those of the job begin anew. */
function pointsOf(looks: readonly Look[], renewedMs: number): Point[] {
  const [first] = looks
  const points: Point[] = [
    { atMs: first!.atMs, sum: 0, arrived: 0, taken: 0, busy: null, waiting: first!.waiting, isGap: false },
  ]
  looks.slice(1).forEach((look, index) => {
    const before = looks[index]!
    const at = points.at(-1)!
    const idleMs = look.atMs - renewedMs
    if (idleMs - before.atMs > (IDLE_AFTER - 1) * renewedMs) points.push({ ...at, atMs: idleMs })
    points.push(next(points, look, before))
  })
  return points
}

function next(points: readonly Point[], look: Look, before: Look): Point {
  const at = points.at(-1)!
  const { waiting } = look
  const more = waiting === null || before.waiting === null ? 0 : waiting - before.waiting
  const isGap = look.restarts !== before.restarts || look.taken < before.taken
  const taken = isGap ? asBefore(points, look.atMs) : look.taken - before.taken
  const sum = at.sum + taken + (isGap ? 0 : more)
  const busy = isGap ? null : busiest(before, look)
  return { atMs: look.atMs, sum, arrived: Math.max(at.arrived, sum), taken: at.taken + taken, waiting, busy, isGap }
}

function busiest(before: Look, look: Look): number | null {
  const earlier = new Map(before.busy.map(({ part, ms }) => [part, ms]))
  const ofAll = (subtasks: number) => (look.atMs - before.atMs) * subtasks
  const shares = look.busy.map(({ part, ms, subtasks }) => (ms - (earlier.get(part) ?? ms)) / ofAll(subtasks))
  return most(shares.map((share) => Math.min(1, share))) // counters and clock are read a moment apart
}

/** Nothing tells what came while a job was started again: it is taken for as much as before. */
function asBefore(points: readonly Point[], atMs: number): number {
  const at = points.at(-1)!
  const earlier = points.at(-2) ?? at
  return ((at.arrived - earlier.arrived) / Math.max(1, at.atMs - earlier.atMs)) * (atMs - at.atMs)
}

/** Where it is known; sources say it only after their first fetch. */
function waitingAt(points: readonly Point[], edges: readonly number[]): (number | null)[] {
  const known = points.flatMap(({ atMs, waiting }) => (waiting === null ? [] : [[atMs, waiting] as const]))
  const [first] = known
  const curve = curveThrough(known)
  return edges.map((edge) => (first === undefined || edge < first[0] ? null : countAt(curve, edge)))
}

const differences = (curve: Curve, edges: readonly number[]) =>
  edges.slice(1).map((edge, bin) => countAt(curve, edge) - countAt(curve, edges[bin]!))

/** The largest of those that are known. */
export const most = (values: readonly (number | null)[]): number | null =>
  values.reduce((largest, value) => (value === null || (largest ?? value) > value ? largest : value), null)

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

export const secondsOf = ({ arrived, binSeconds }: Observation): number => arrived.length * binSeconds

/** The load as a rate trace, which `simulate`, `load` and `bench` take. */
export function traceOf({ arrived, binSeconds }: Observation): string {
  const rows = arrived.map((events, bin) => [bin * binSeconds, Math.round(events * 1000) / 1000] as const)
  return traceText({ binSeconds, rows } satisfies TraceRows)
}
