import { DurationHistogram } from '../../edge-node/observe/histogram'

/** How long events took, from their own time until they were folded; other clocks than this one count in. */
export class EventDelays {
  private readonly histogram = new DurationHistogram()
  private events = 0

  /** Events of one envelope, folded now. Neighbours of the same ms are recorded at once. */
  folded(timestampsMs: readonly number[], nowMs: number): void {
    let run = 0
    timestampsMs.forEach((timestampMs, index) => {
      run += 1
      if (timestampsMs[index + 1] === timestampMs) return
      this.histogram.record(nowMs - timestampMs, run)
      run = 0
    })
    this.events += timestampsMs.length
  }

  figures() {
    return { events: this.events, ...this.histogram.percentiles() }
  }
}
