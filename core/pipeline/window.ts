import { type Duration, parseDurationMs } from './duration'

/**
 * How event time is cut into windows. A window `[start, end)` starts at a multiple of `slideMs`, also at one below 0,
 * and is known by its end; a pane `[start, start + paneMs)` is the longest slice that lies in a window as a whole or
 * not at all. All in ms.
 */
export type WindowSpec = {
  readonly kind: 'tumbling' | 'sliding'
  readonly sizeMs: number
  readonly slideMs: number
  readonly paneMs: number
}

/** Whether an event still counts in all, some or none of its windows. */
export type Lateness = 'inTime' | 'partlyLate' | 'late'

/**
 * An event is on the books of each of its windows, so each costs ledger entries: beyond 1,000 the books outgrow the
 * events.
 */
const MAX_WINDOWS_PER_EVENT = 1_000

/**
 * Closing a window merges its panes for each key; a slide that nearly divides the size would make a pane of each
 * millisecond.
 */
const MAX_PANES_PER_WINDOW = 10_000

/** Windows of `size`, one after the other. Throws a RangeError when the size is not above 0. */
export function tumbling(size: Duration): WindowSpec {
  const sizeMs = parsePositiveMs('tumbling: the size', size)
  return { kind: 'tumbling', sizeMs, slideMs: sizeMs, paneMs: sizeMs }
}

/**
 * Windows of `size`, one every `slide`. Throws a RangeError when they leave gaps, or make too many windows or panes.
 */
export function sliding(size: Duration, slide: Duration): WindowSpec {
  const sizeMs = parsePositiveMs('sliding: the size', size)
  const slideMs = parsePositiveMs('sliding: the slide', slide)
  const paneMs = greatestCommonDivisor(sizeMs, slideMs)
  if (slideMs > sizeMs) {
    throw new RangeError(`sliding: a slide of ${slideMs} ms leaves gaps between windows of ${sizeMs} ms`)
  }
  if (sizeMs / slideMs > MAX_WINDOWS_PER_EVENT) {
    throw new RangeError(`sliding: an event would be in over ${MAX_WINDOWS_PER_EVENT} windows; choose a longer slide`)
  }
  if (sizeMs / paneMs > MAX_PANES_PER_WINDOW) {
    throw new RangeError(`sliding: over ${MAX_PANES_PER_WINDOW} panes; choose a slide that divides the size`)
  }
  return { kind: 'sliding', sizeMs, slideMs, paneMs }
}

/** The start of the pane that holds the event time `ts`. */
export function paneStart(spec: WindowSpec, ts: number): number {
  return Math.floor(ts / spec.paneMs) * spec.paneMs
}

/** The ends, ascending, of all windows that contain the pane. */
export function windowEndsOfPane(spec: WindowSpec, paneStartMs: number): number[] {
  const ends: number[] = []
  const last = lastWindowEnd(spec, paneStartMs)
  for (let end = windowEndAfter(spec, paneStartMs); end <= last; end += spec.slideMs) ends.push(end)
  return ends
}

/** The starts, ascending, of the panes of the window; below 0 too, where no event is. */
export function panesOfWindow(spec: WindowSpec, windowEndMs: number): number[] {
  const panes: number[] = []
  for (let start = windowEndMs - spec.sizeMs; start < windowEndMs; start += spec.paneMs) panes.push(start)
  return panes
}

/** The end of the last window that contains the pane: once it is closed, the pane is of no use. */
export function lastWindowEnd(spec: WindowSpec, paneStartMs: number): number {
  return Math.floor(paneStartMs / spec.slideMs) * spec.slideMs + spec.sizeMs
}

/**
 * The first end above the horizon (-Infinity: nothing closed yet) of a window that contains the pane, or null with all
 * of them closed.
 */
export function firstOpenWindowEnd(spec: WindowSpec, paneStartMs: number, horizonMs: number): number | null {
  const end = windowEndAfter(spec, Math.max(paneStartMs, horizonMs))
  return end <= lastWindowEnd(spec, paneStartMs) ? end : null
}

/** A window is closed when its end is at or below the horizon (-Infinity: nothing closed yet). */
export function lateness(spec: WindowSpec, ts: number, horizonMs: number): Lateness {
  if (lastWindowEnd(spec, ts) <= horizonMs) return 'late'
  return windowEndAfter(spec, ts) <= horizonMs ? 'partlyLate' : 'inTime'
}

/** The smallest end of any window that is above `ms`, so the first end of those that contain `ms`. */
function windowEndAfter(spec: WindowSpec, ms: number): number {
  return (Math.floor((ms - spec.sizeMs) / spec.slideMs) + 1) * spec.slideMs + spec.sizeMs
}

function parsePositiveMs(what: string, duration: Duration): number {
  const ms = parseDurationMs(duration)
  if (ms === 0) throw new RangeError(`${what} must be above 0`)
  return ms
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}
