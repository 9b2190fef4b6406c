import { InvalidArgumentError } from 'commander'

/** Rows of a rate trace: `start_s,events`, in order. */
export interface TraceRows {
  readonly binSeconds: number
  readonly rows: readonly (readonly [startS: number, events: number])[]
}

/** Which part of a trace, in seconds of its own time. `from` 'peak': centred on the fullest bin. */
export interface Slice {
  readonly from: number | 'peak' | 'start'
  /** null: to the end. */
  readonly seconds: number | null
}

/** Throws when the text is not a trace; `name` is for the message. */
export function readTraceRows(text: string, name: string): TraceRows {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'))
  const rows = lines.slice(1).map((line) => line.split(',').map(Number) as [number, number])
  if (lines[0]?.trim() !== 'start_s,events' || rows.length < 2 || rows.some((row) => row.some(Number.isNaN))) {
    throw new InvalidArgumentError(
      `${name} is not a rate trace: it needs the header "start_s,events" and at least two rows.`,
    )
  }
  const binSeconds = Math.min(...rows.slice(1).map(([start], index) => start - rows[index]![0]))
  return { binSeconds, rows }
}

/**
 * The part as a trace of its own. Its first and last bins are there even if nothing arrived in them, so that it is as
 * long as it was cut.
 */
export function cutSlice({ binSeconds, rows }: TraceRows, slice: Slice): TraceRows {
  const first = rows[0]![0]
  const end = rows.at(-1)![0] + binSeconds
  const seconds = Math.min(slice.seconds ?? end - first, end - first)
  const from = Math.min(startOf(rows, binSeconds, slice.from, seconds), end - seconds)
  const inside = rows.filter(([start]) => start >= from && start < from + seconds)
  const last = from + Math.max(1, Math.ceil(seconds / binSeconds) - 1) * binSeconds
  const bounds = [from, last].filter((start) => !inside.some(([other]) => other === start))
  const all = [...inside, ...bounds.map((start): [number, number] => [start, 0])]
  return { binSeconds, rows: all.sort(([a], [b]) => a - b) }
}

function startOf(rows: TraceRows['rows'], binSeconds: number, from: Slice['from'], seconds: number): number {
  const first = rows[0]![0]
  if (from === 'start') return first
  if (from === 'peak') {
    const [peak] = rows.reduce((most, row) => (row[1] > most[1] ? row : most))
    return Math.max(first, peak - Math.floor(seconds / 2 / binSeconds) * binSeconds)
  }
  return Math.max(first, first + Math.round((from - first) / binSeconds) * binSeconds)
}

/** The trace as a file. */
export const traceText = ({ rows }: TraceRows): string =>
  ['start_s,events', ...rows.map((row) => row.join(',')), ''].join('\n')

/** Length of a trace in seconds of its own time. */
export const lengthOf = ({ binSeconds, rows }: TraceRows): number => rows.at(-1)![0] + binSeconds - rows[0]![0]

/** Events per second on average and in the fullest bin. */
export function ratesOf(trace: TraceRows): { readonly mean: number; readonly peak: number } {
  const events = trace.rows.reduce((sum, [, count]) => sum + count, 0)
  const most = trace.rows.reduce((max, [, count]) => Math.max(max, count), 0)
  return { mean: events / lengthOf(trace), peak: most / trace.binSeconds }
}
