import type { BucketCounts } from '../observe/histogram'
import { DurationHistogram, type Percentiles } from '../observe/histogram'

/**
 * From the put, or the call of the function, until the head of the envelope is seen. Those that come back to the edge
 * are not measured.
 */
export class CloudLatency {
  /** By number, for those in flight. */
  private readonly sinceMs = new Map<number, number>()
  private readonly durations = new DurationHistogram()

  sent(number: number, nowMs: number): void {
    this.sinceMs.set(number, nowMs)
  }

  /** The cloud has it, and may even have finished it already. */
  put(number: number, nowMs: number): void {
    if (this.sinceMs.has(number)) this.sinceMs.set(number, nowMs)
  }

  headSeen(number: number, nowMs: number): void {
    const sinceMs = this.sinceMs.get(number)
    if (sinceMs !== undefined) this.durations.record(nowMs - sinceMs)
    this.sinceMs.delete(number)
  }

  reclaimed(number: number): void {
    this.sinceMs.delete(number)
  }

  percentiles(): Percentiles {
    return this.durations.percentiles()
  }

  bucketCounts(): BucketCounts {
    return this.durations.bucketCounts()
  }
}
