import { readLine } from '../core/pipeline/event'
import type { Pipeline, RowOf } from '../core/pipeline/pipeline'
import { paneStart, windowEndsOfPane } from '../core/pipeline/window'
import { type EnvelopePartial, foldEnvelope } from '../core/protocol/fold'
import { Intake } from '../core/protocol/intake'
import { WindowMerge } from '../core/protocol/merge'
import { addTally, type Tally, zeroTally } from '../core/protocol/partial'
import type { Timers } from '../core/protocol/side-by-side'
import type { CutEnvelope } from '../core/protocol/uncut'
import { type AcceptedEvent, checkEverySplit, type WindowToSplit } from './every-split'
import { type GivenEvents, type GivenLine, givenLines } from './given-events'
import { readAsJson } from './json-value'
import { PipelineTestError } from './pipeline-test-error'
import type { DeadEvent, LateEvent, RejectedEvent, RunResult, RunWindow } from './run-result'

export interface RunOptions {
  /**
   * What the clock shows, in ms since 1970: events over a minute ahead of it are rejected, and the watermark waits for
   * it. Without it the clock goes along with the events, so that a test gives the same in any year.
   */
  readonly now?: number
  /** Events that come at once. Windows close between them. By default 1: each event finds the windows as they are. */
  readonly batch?: number
  /**
   * Proves that results do not depend on where events are folded: each window is computed anew for many splits of its
   * events, in other orders and groups, and through the form in which partial results travel. A difference throws.
   */
  readonly split?: 'every way'
  /** Chooses other splits; 1 by default. */
  readonly seed?: number
}

// The edge node's own defaults: maxFutureSkewMs, maxLineBytes, maxOpenPanes, maxEnvelopeBytes.
const FUTURE_SKEW_MS = 60_000
const LINE_BYTES = 128 * 1024
const OPEN_PANES = 10_000
const ENVELOPE_BYTES = 256 * 1024

/** Nothing here has a key that could be repeated, nor a log whose lines could change. */
const LIMITS = {
  rememberKeysMs: 0,
  answerBytes: 65_536,
  openPanes: OPEN_PANES,
  idleTimeoutMs: Number.POSITIVE_INFINITY,
}
const LOG = { incarnation: 'test', version: 'test' }
const KEYS = { digestOf: () => '', isKeptAsText: () => false }

const timers: Timers = {
  after(delayMs, fire) {
    const timer = setTimeout(fire, delayMs)
    return () => clearTimeout(timer)
  },
}

/**
 * Runs events through a pipeline as an edge node does: admission, folding and merging are its own. Time is virtual: the
 * event time alone closes windows, and after the last event all of them. Rejects with PipelineTestError for a result
 * that depends on the split, and for events and options that cannot be used; what `map` throws is a dead letter.
 */
export async function run<P extends Pipeline>(
  pipeline: P,
  events: GivenEvents,
  options: RunOptions = {},
): Promise<RunResult<P>> {
  const { batch = 1 } = options
  if (!(batch >= 1)) throw new PipelineTestError('wrong_option', `batch is a number of events from 1, not ${batch}`)
  const course = new Course(pipeline, options.now)
  let inBatch = 0
  for (const given of givenLines(events)) {
    course.take(given)
    inBatch += 1
    if (inBatch < batch) continue
    inBatch = 0
    course.closeDue()
  }
  course.cut()
  const folded = await foldAll(pipeline, course.cuts)
  const windows = mergeAll(pipeline, folded)
  const { rejected, late, accepted } = course
  const deadLetters = deadOf(folded, accepted)
  if (options.split === 'every way') {
    await checkEverySplit(pipeline, windowsToSplit(pipeline, windows, accepted, deadLetters), options.seed ?? 1, timers)
  }
  return { windows: windows.map((window) => shown<P>(window)), rejected, late, deadLetters }
}

/** The way of the events up to their envelopes. */
class Course {
  readonly rejected: RejectedEvent[] = []
  readonly late: LateEvent[] = []
  /** By offset. */
  readonly accepted: AcceptedEvent[] = []
  readonly cuts: CutEnvelope[] = []
  private readonly intake: Intake

  constructor(
    private readonly pipeline: Pipeline,
    private readonly nowMs: number | undefined,
  ) {
    this.intake = new Intake(pipeline, LOG, LIMITS, () => '', KEYS)
  }

  take({ index, event, line }: GivenLine): void {
    const latestMs = this.nowMs === undefined ? Number.POSITIVE_INFINITY : this.nowMs + FUTURE_SKEW_MS
    const read = isTooLong(line) ? TOO_LONG : readLine(this.pipeline, index + 1, line, latestMs)
    if ('code' in read) {
      this.rejected.push({ index, event, code: read.code, message: read.reason })
      return
    }
    const { horizonMs } = this.intake
    const answer = this.intake.admit({ key: null, lines: [read], rejected: [] })?.answer
    if (answer === undefined) {
      const message = `${OPEN_PANES} panes are open already`
      this.rejected.push({ index, event, code: 'too_many_windows', message })
    } else if (answer.late > 0) {
      this.late.push({ index, event, partly: false })
    } else {
      if (answer.partlyLate > 0) this.late.push({ index, event, partly: true })
      this.accepted.push({ index, event, line, timestampMs: read.timestampMs, horizonMs })
    }
  }

  /** Closes the windows that the watermark has passed. */
  closeDue(): void {
    const horizonMs = this.intake.dueHorizonMs(this.nowMs ?? Number.POSITIVE_INFINITY)
    if (horizonMs === null) return
    this.cut()
    this.intake.close(horizonMs)
  }

  cut(): void {
    for (let next = this.intake.cut(ENVELOPE_BYTES); next !== null; next = this.intake.cut(ENVELOPE_BYTES)) {
      this.cuts.push(next.cut)
    }
  }
}

const TOO_LONG = { code: 'line_too_long', reason: `the line has over ${LINE_BYTES} bytes` } as const

/** A character has at most three bytes for each unit of its length. */
const isTooLong = (line: string) => line.length * 3 > LINE_BYTES && new TextEncoder().encode(line).length > LINE_BYTES

interface Folded {
  readonly cut: CutEnvelope
  readonly partial: EnvelopePartial
}

async function foldAll(pipeline: Pipeline, cuts: readonly CutEnvelope[]): Promise<Folded[]> {
  const folded: Folded[] = []
  for (const cut of cuts) folded.push({ cut, partial: await foldEnvelope(pipeline, cut.envelope, { timers }) })
  return folded
}

interface MergedWindow {
  readonly start: number
  readonly end: number
  readonly rows: readonly RowOf<Pipeline>[]
}

function mergeAll(pipeline: Pipeline, folded: readonly Folded[]): MergedWindow[] {
  const parts = new Map<number, { readonly merge: WindowMerge; readonly accepted: Tally }>()
  for (const { cut, partial } of folded) {
    for (const [pane, tally] of cut.panes) {
      for (const end of windowEndsOfPane(pipeline.window, pane)) {
        if (end <= cut.envelope.horizonMs) continue
        const window = parts.get(end) ?? { merge: new WindowMerge(pipeline), accepted: zeroTally() }
        parts.set(end, window)
        addTally(window.accepted, tally)
        window.merge.add('edge', partial.panes.get(pane)!)
      }
    }
  }
  return [...parts]
    .sort(([a], [b]) => a - b)
    .map(([end, part]) => mergedWindow(pipeline, end, part.merge, part.accepted))
}

function mergedWindow(pipeline: Pipeline, end: number, merge: WindowMerge, accepted: Tally): MergedWindow {
  const start = end - pipeline.window.sizeMs
  const result = merge.result({ startMs: start, endMs: end }, accepted)
  if ('found' in result) throw new Error(`the window of ${end} does not balance: ${JSON.stringify(result)}`)
  const rows = result.rows.map((row) => readAsJson(row, `the row of ${JSON.stringify(row.key)}`) as RowOf<Pipeline>)
  return { start, end, rows }
}

function windowsToSplit(
  { window: spec }: Pipeline,
  windows: readonly MergedWindow[],
  accepted: readonly AcceptedEvent[],
  deadLetters: readonly DeadEvent[],
): WindowToSplit[] {
  const codes = new Map(deadLetters.map(({ index, code }) => [index, code]))
  const events = new Map<number, AcceptedEvent[]>(windows.map(({ end }) => [end, []]))
  for (const event of accepted) {
    for (const end of windowEndsOfPane(spec, paneStart(spec, event.timestampMs))) {
      if (end > event.horizonMs) events.get(end)!.push(event)
    }
  }
  return windows.map((window) => {
    const own = events.get(window.end)!
    const dead = new Map<number, string>()
    for (const [place, { index }] of own.entries()) if (codes.has(index)) dead.set(place, codes.get(index)!)
    return { ...window, events: own, dead }
  })
}

function deadOf(folded: readonly Folded[], accepted: readonly AcceptedEvent[]): DeadEvent[] {
  return folded.flatMap(({ partial }) =>
    partial.deadLetters.map(({ offset, code, reason }) => {
      const { index, event } = accepted[offset]!
      return { index, event, code, message: reason }
    }),
  )
}

/** The columns of a pipeline make its rows, which is more than the compiler sees of a `Pipeline`. */
const shown = <P extends Pipeline>({ start, end, rows }: MergedWindow): RunWindow<P> => ({
  start,
  end,
  rows: rows as readonly RowOf<P>[],
})
