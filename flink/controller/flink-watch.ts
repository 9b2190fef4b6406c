import { FlinkRest, FlinkUnread } from '../rest/flink-rest'
import { chooseJob, JobReader, type JobReading, listJobs } from '../rest/job-metrics'
import type { JobRates } from '../rest/job-rates'
import { NO_READINGS, type RateWindow, ratesOf, withReading } from '../rest/rate-window'

/** States that a job does not come back from: another one may have been submitted. */
const OVER = ['FINISHED', 'CANCELED', 'FAILED']

/** What is known of the job, as Flink says. */
export interface FlinkView {
  /** The last one; null before the first. */
  readonly reading: JobReading | null
  readonly rates: JobRates | null
  /** Why it is not known how the job is now, in words; null while it is. */
  readonly problem: string | null
}

/** Reads the job again and again, and finds it again when it was submitted anew. */
export class FlinkWatch {
  view: FlinkView = { reading: null, rates: null, problem: 'Flink was not asked yet' }
  private readonly rest: FlinkRest
  private reader: JobReader | null = null
  private window: RateWindow = NO_READINGS
  private underWay: Promise<void> | null = null

  /** `job` is the id that was asked for; without it the only job that runs is meant. */
  constructor(
    url: string,
    private readonly job: string | undefined,
  ) {
    this.rest = new FlinkRest(url)
  }

  /** Rejects only by a bug: what cannot be read is in the view. While there is a problem nobody waits. */
  look(): Promise<void> {
    this.underWay ??= this.read().finally(() => {
      this.underWay = null
    })
    return this.view.problem === null ? this.underWay : Promise.resolve()
  }

  /** The same, and waited for in any case. */
  async read(): Promise<void> {
    try {
      this.reader ??= new JobReader(this.rest, chooseJob(await listJobs(this.rest), this.job).jobId)
      const reading = await this.reader.read()
      this.window = withReading(this.window, reading)
      this.view = { reading, rates: ratesOf(this.window), problem: null }
      if (OVER.includes(reading.state)) this.reader = null
    } catch (error) {
      if (!(error instanceof FlinkUnread)) throw error
      if (error.code !== 'flink_unreachable') this.reader = null
      this.view = { ...this.view, problem: error.message }
    }
  }
}
