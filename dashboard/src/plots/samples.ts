import type { HistoryAnswer, Sample, SampleField } from '../../../edge-node/observe/feed'
import { SampleRing } from './sample-ring'

const SECONDS = 3_600
const RECENT = 600
const RATE_OVER_MS = 1_000 // rates are taken over a second: an envelope is counted at once, a tenth of a second would show teeth

const KEPT = [
  'atMs',
  'accepted',
  'edge',
  'burst',
  'deadLettered',
  'throttled',
  'usd',
  'trueRate',
  'utilization',
  'queueDelayMs',
  'backlogEvents',
  'inFlightEvents',
  'bursting',
] as const satisfies readonly SampleField[]
const DERIVED = ['atS', 'arrivals', 'edgeRate', 'bothRates'] as const

/**
 * What can be plotted: fields of the samples, and rates from their differences; `bothRates` is edge and burst, stacked.
 */
export type Column = (typeof KEPT)[number] | (typeof DERIVED)[number]

type Row = Record<Column, number>

/** The last hour by the second and the last minute by the tenth, in memory of fixed size. */
export class Samples {
  readonly seconds = new SampleRing<Column>([...KEPT, ...DERIVED], SECONDS)
  readonly recent = new SampleRing<Column>([...KEPT, ...DERIVED], RECENT)
  private fields: readonly SampleField[] = []
  private readonly row = Object.fromEntries([...KEPT, ...DERIVED].map((column) => [column, 0])) as Row

  /** Says in which order samples have their fields. */
  setFields(fields: readonly SampleField[]): void {
    this.fields = fields
  }

  /** Begins anew with what the node remembers. */
  load({ fields, seconds, recent }: HistoryAnswer): void {
    this.setFields(fields)
    this.seconds.clear()
    this.recent.clear()
    for (const sample of seconds) this.enter(this.seconds, sample)
    for (const sample of recent) this.enter(this.recent, sample)
  }

  add(sample: Sample): void {
    const last = this.recent.back('atMs', 0)
    if (this.recent.length > 0 && this.read(sample).atMs <= last) return
    this.enter(this.recent, sample)
    const second = Math.floor(this.row.atMs / 1_000)
    if (this.seconds.length === 0 || second > Math.floor(this.seconds.back('atMs', 0) / 1_000))
      this.enter(this.seconds, sample)
  }

  /** A value now. */
  now(column: Column): number {
    return this.recent.back(column, 0)
  }

  /** How much a counter has grown within the last `ms`, as far as that is known; `perMs` is the time that it took. */
  growth(column: Column, ms: number): { readonly by: number; readonly overMs: number } {
    const { seconds } = this
    let age = 0
    const nowMs = this.now('atMs')
    while (age + 1 < seconds.length && nowMs - seconds.back('atMs', age) < ms) age += 1
    const overMs = nowMs - seconds.back('atMs', age)
    return { by: Math.max(0, this.now(column) - seconds.back(column, age)), overMs }
  }

  private enter(ring: SampleRing<Column>, sample: Sample): void {
    const row = this.read(sample)
    let age = 0
    while (age + 1 < ring.length && row.atMs - ring.back('atMs', age) < RATE_OVER_MS - 50) age += 1
    const overS = ring.length === 0 ? 0 : (row.atMs - ring.back('atMs', age)) / 1_000
    const perS = (column: Column) => (overS > 0 ? Math.max(0, row[column] - ring.back(column, age)) / overS : 0)
    row.atS = row.atMs / 1_000
    row.arrivals = perS('accepted')
    row.edgeRate = perS('edge')
    row.bothRates = row.edgeRate + perS('burst')
    ring.push(row)
  }

  private read(sample: Sample): Row {
    for (const column of KEPT) this.row[column] = sample[this.fields.indexOf(column)] ?? 0
    return this.row
  }
}
