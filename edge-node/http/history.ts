import { type HistoryAnswer, SAMPLE_FIELDS, type Sample, type SampleField } from '../observe/feed'

const SECONDS = 3_600 // an hour by the second: 460 KB
const RECENT = 600 // a minute at ten a second

const WIDTH = SAMPLE_FIELDS.length
/**
 * Fields that keep their peak of a second; the others keep their last value. A spike must not be lost between two
 * seconds.
 */
const PEAKS: readonly SampleField[] = [
  'arrivalRate',
  'queueDelayMs',
  'backlogEvents',
  'backlogBytes',
  'inFlightEnvelopes',
  'inFlightEvents',
  'bursting',
]
const IS_PEAK = SAMPLE_FIELDS.map((field) => PEAKS.includes(field))

/** The samples of the last hour by the second and of the last minute as they came, in memory of fixed size. */
export class History {
  private readonly seconds: SampleRing
  private readonly recent: SampleRing
  /** The second in progress; null before the first sample. */
  private current: number[] | null = null

  constructor(seconds = SECONDS, recent = RECENT) {
    this.seconds = new SampleRing(seconds)
    this.recent = new SampleRing(recent)
  }

  add(sample: Sample): void {
    this.recent.push(sample)
    if (this.current === null) {
      this.current = [...sample]
    } else if (secondOf(this.current) === secondOf(sample)) {
      this.current = peakOf(this.current, sample)
    } else {
      this.seconds.push(this.current)
      this.current = [...sample]
    }
  }

  /** The newest sample; undefined before the first. */
  get newest(): Sample | undefined {
    return this.recent.newest
  }

  answer(): HistoryAnswer {
    const seconds = this.seconds.all()
    if (this.current !== null) seconds.push(this.current)
    return { fields: SAMPLE_FIELDS, seconds, recent: this.recent.all() }
  }
}

/** The last `capacity` samples, in one typed array. */
class SampleRing {
  private readonly values: Float64Array
  private next = 0
  private length = 0

  constructor(private readonly capacity: number) {
    this.values = new Float64Array(capacity * WIDTH)
  }

  push(sample: Sample): void {
    this.values.set(sample, this.next * WIDTH)
    this.next = (this.next + 1) % this.capacity
    this.length = Math.min(this.length + 1, this.capacity)
  }

  get newest(): Sample | undefined {
    return this.length === 0 ? undefined : this.at(this.length - 1)
  }

  /** Oldest first. */
  all(): Sample[] {
    return Array.from({ length: this.length }, (_, age) => this.at(age))
  }

  private at(age: number): Sample {
    const slot = (this.next - this.length + age + this.capacity) % this.capacity
    return [...this.values.subarray(slot * WIDTH, (slot + 1) * WIDTH)]
  }
}

const secondOf = (sample: Sample) => Math.floor(sample[0]! / 1_000)

const peakOf = (before: Sample, sample: Sample): number[] =>
  sample.map((value, field) => (IS_PEAK[field] ? Math.max(before[field]!, value) : value))
