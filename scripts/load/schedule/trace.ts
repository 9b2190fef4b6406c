import { LoadError } from '../load-error'
import { type Curve, countAt, curveThrough, rescale, slice } from './curve'
import type { TraceProfile } from './profile'

const HEADER = 'start_s,events'

/**
 * Reads a rate trace: comment lines start with `#`, then the header `start_s,events`, then one row per bin. A bin is as
 * long as the smallest distance between two rows, so a missing row is a time without events. Times of the curve are
 * seconds. Throws `LoadError` ('bad-trace') naming the line.
 */
export function parseTrace(text: string, name: string): Curve {
  const rows = dataLines(text)
  if (rows[0]?.text !== HEADER) throw badTrace(name, `the first line that is no comment must be "${HEADER}"`)
  const bins = rows.slice(1).map(({ text: row, line }) => parseBin(row, `${name}, line ${line}`))
  if (bins.length < 2) throw badTrace(name, 'it needs at least two rows, for the length of a bin to be known')
  const widths = bins.slice(1).map((bin, index) => bin.start - bins[index]!.start)
  if (widths.some((width) => width <= 0)) throw badTrace(name, 'its rows must be in the order of their start_s')
  return binCurve(bins, Math.min(...widths))
}

/** The trace as a profile wants it: sliced, its time compressed, its counts scaled to the mean rate. Times in ms. */
export function traceCurve(trace: Curve, profile: TraceProfile): Curve {
  const from = profile.fromSeconds ?? trace.times[0]!
  const to = profile.toSeconds ?? trace.times[trace.times.length - 1]!
  if (!(from < to)) throw badTrace(profile.file, `nothing lies between ${from} s and ${to} s of it`)
  const events = countAt(trace, to) - countAt(trace, from)
  if (events <= 0) throw badTrace(profile.file, `no events between ${from} s and ${to} s of it`)
  const countFactor = ((profile.meanRate ?? events / (to - from)) * (to - from)) / profile.speedup / events
  return rescale(slice(trace, from, to), from, 1000 / profile.speedup, countFactor)
}

interface Bin {
  readonly start: number
  readonly events: number
}

function binCurve(bins: readonly Bin[], width: number): Curve {
  const points: [number, number][] = []
  let count = 0
  for (const { start, events } of bins) {
    if (points[points.length - 1]?.[0] !== start) points.push([start, count])
    count += events
    points.push([start + width, count])
  }
  return curveThrough(points)
}

function parseBin(row: string, where: string): Bin {
  const [start, events, ...rest] = row.split(',').map((cell) => (cell.trim() === '' ? Number.NaN : Number(cell)))
  if (start === undefined || events === undefined || rest.length > 0) throw badTrace(where, 'a row has two columns')
  if (!Number.isFinite(start)) throw badTrace(where, 'start_s must be a number of seconds')
  if (!(Number.isFinite(events) && events >= 0)) throw badTrace(where, 'events must be a number of at least 0')
  return { start, events }
}

function dataLines(text: string): { text: string; line: number }[] {
  return text
    .split('\n')
    .map((line, index) => ({ text: line.trim(), line: index + 1 }))
    .filter(({ text: line }) => line !== '' && !line.startsWith('#'))
}

function badTrace(where: string, what: string): LoadError {
  return new LoadError('bad-trace', `The rate trace ${where}: ${what}.`)
}
