import { markdownTable, paragraphs, whole } from '../../../scripts/command-line/markdown'
import { type MustHold, mustHold } from '../../../scripts/command-line/must-hold'
import type { Rendering } from '../bench'
import { median, ratio } from '../statistics'

/** The end of a simulated day. */
export interface SoakDay {
  readonly day: number
  readonly ackP99Ms: number
  readonly kept: number
  readonly heapBytes: number
  readonly diskBytes: number
  readonly checkpointBytes: number
  readonly heldMs: number
}

export interface Soak {
  readonly days: readonly SoakDay[]
}

/** A run in real time on a folder with so many finals. */
export interface SoakTrial {
  readonly finals: number
  readonly acks: number
  readonly ackP99Ms: number
  readonly heldMs: number
  readonly checkpointBytes: number
  readonly startMs: number
  readonly heapBytes: number
}

export interface SoakFigures {
  readonly retentionDays: number
  readonly windowSeconds: number
  readonly finals: number
  readonly soak: Soak
  readonly trials: readonly SoakTrial[]
}

const FLAT = 1.25 // end over beginning: what grows with the days is three times as much or more by then
const MAX_ACK_RATIO = 1.5
const WARM_UP_DAYS = 1 // after the retention is full: a file of records is deleted as a whole, later than its first record

export function renderSoak(figures: SoakFigures): Rendering {
  const { retentionDays, windowSeconds, finals, soak, trials } = figures
  return {
    markdown: paragraphs(
      '# Soak',
      `An edge node takes a request for each window of ${windowSeconds} s on a fast clock and keeps results for ${retentionDays} days. Flat: the median of the last third of the days after the retention is full, over that of the first third of them. The heap is what is reachable.`,
      markdownTable(
        ['day', 'windows kept', 'heap MiB', 'disk MiB', 'checkpoint bytes', 'checkpoint held ms', 'ack p99 ms'],
        soak.days.map((day) => [
          String(day.day),
          whole(day.kept),
          (day.heapBytes / 2 ** 20).toFixed(1),
          (day.diskBytes / 2 ** 20).toFixed(1),
          whole(day.checkpointBytes),
          day.heldMs.toFixed(1),
          day.ackP99Ms.toFixed(2),
        ]),
      ),
      `Acks in real time, a window and a checkpoint a second, on an empty folder and on one with ${whole(finals)} finals:`,
      markdownTable(
        ['finals', 'acks', 'ack p99 ms', 'checkpoint bytes', 'checkpoint held ms', 'start ms', 'heap MiB'],
        trials.map((trial) => [
          whole(trial.finals),
          whole(trial.acks),
          trial.ackP99Ms.toFixed(2),
          whole(trial.checkpointBytes),
          trial.heldMs.toFixed(1),
          whole(trial.startMs),
          (trial.heapBytes / 2 ** 20).toFixed(1),
        ]),
      ),
    ),
    plots: [],
    mustHold: judgeSoak(figures),
  }
}

/** What a soak has to show. */
export function judgeSoak({ retentionDays, finals, soak, trials }: SoakFigures): MustHold[] {
  const full = soak.days.filter(({ day }) => day > retentionDays + WARM_UP_DAYS)
  const growth = (of: (day: SoakDay) => number) => {
    const third = Math.floor(full.length / 3)
    const [first, last] = [median(full.slice(0, third).map(of)), median(full.slice(-third).map(of))]
    return third === 0 || first === null || last === null ? null : ratio(last, first)
  }
  const flat = (what: string, of: (day: SoakDay) => number, limit = FLAT) =>
    mustHold(`${what}: last third over first third`, growth(of), 'at most', limit, 'x')
  const p99Of = (isFull: boolean) =>
    median(trials.filter((trial) => trial.finals > 0 === isFull).map(({ ackP99Ms }) => ackP99Ms))
  const [empty, filled] = [p99Of(false), p99Of(true)]
  const acks = empty === null || filled === null ? null : ratio(filled, empty)
  return [
    flat('heap', ({ heapBytes }) => heapBytes),
    flat('disk', ({ diskBytes }) => diskBytes),
    flat('checkpoint', ({ checkpointBytes }) => checkpointBytes),
    flat('ack p99', ({ ackP99Ms }) => ackP99Ms, MAX_ACK_RATIO),
    mustHold(`ack p99 with ${whole(finals)} finals over that with none`, acks, 'at most', MAX_ACK_RATIO, 'x'),
  ]
}
