import { median, most, type Observation, sum } from './observation'

/** What a job can take, in events per second, and how that is known. */
export type Capacity =
  /** It was given. */
  | { readonly kind: 'given'; readonly perSecond: number }
  /** Events waited for so long, and this is what it took meanwhile. */
  | { readonly kind: 'while-waiting'; readonly perSecond: number; readonly seconds: number; readonly bins: number }
  /** Events over busy time; `busiest` is the share of its time that it was seen to be busy at most. */
  | { readonly kind: 'by-busy-time'; readonly perSecond: number; readonly busiest: number }
  /** It was never at its limit: it takes at least what it took. */
  | { readonly kind: 'unknown'; readonly atLeast: number; readonly busiest: number | null }

const LEAST_BUSY = 0.3 // from less the true rate would be guessed: a second of noise is as much as the work
const WAITING_S = 1 // of work: less is on its way through buffers all the time
const LEAST_WAITING_S = 10
const LEAST_WAITING_BINS = 2

/**
 * What was taken while more waited is the capacity, whatever the job says of its busy time: waiting for other services is
 * not busy to Flink. Only where nothing waited the busy time has to tell (events over busy time, after DS2).
 */
export function capacityOf(seen: Observation, given?: number): Capacity {
  if (given !== undefined) return { kind: 'given', perSecond: given }
  return whileWaiting(seen) ?? byBusyTime(seen)
}

function whileWaiting({ taken, waiting, isGap, binSeconds }: Observation): Capacity | null {
  const rates = taken
    .map((events, bin) => ({ perSecond: events / binSeconds, least: leastWaiting(waiting, bin), isGap: isGap[bin]! }))
    .filter(({ perSecond, least, isGap }) => !isGap && perSecond > 0 && least >= perSecond * WAITING_S)
    .map(({ perSecond }) => perSecond)
  const seconds = rates.length * binSeconds
  if (rates.length < LEAST_WAITING_BINS || seconds < LEAST_WAITING_S) return null
  return { kind: 'while-waiting', perSecond: median(rates), seconds, bins: rates.length }
}

/** At the beginning and at the end of a bin; 0 where one of them is not known. */
const leastWaiting = (waiting: Observation['waiting'], bin: number) =>
  Math.min(waiting[bin - 1] ?? 0, waiting[bin] ?? 0)

function byBusyTime(seen: Observation): Capacity {
  const { taken, busy, isGap, binSeconds } = seen
  const busiest = most(busy)
  const atLeast = Math.max(0, ...taken) / binSeconds
  const known = taken.flatMap((events, bin) =>
    isGap[bin]! || busy[bin] == null ? [] : [{ events, busySeconds: busy[bin]! * binSeconds }],
  )
  const busySeconds = sum(known.map((each) => each.busySeconds))
  if (busiest === null || busiest < LEAST_BUSY || busySeconds === 0) return { kind: 'unknown', atLeast, busiest }
  const trueRate = sum(known.map(({ events }) => events)) / busySeconds
  return { kind: 'by-busy-time', perSecond: Math.max(atLeast, trueRate), busiest }
}
