import type { Context } from '../context'
import { Random } from '../random'
import { CloudTables } from './cloud-tables'
import { Functions, VERSION } from './functions'
import { SimStream, type Taken } from './stream'

/** The stream, the functions behind it, and the tables. */
export class Cloud {
  readonly tables: CloudTables
  readonly functions: Functions
  readonly stream: SimStream

  constructor(context: Context) {
    const { seed, timeline, faults, rules } = context
    this.tables = new CloudTables(seed, faults, rules)
    this.functions = new Functions(context, this.tables)
    const source = new EventSource(context, this.functions)
    this.stream = new SimStream(seed, timeline, faults, rules, (lane, record) => source.take(lane, record))
  }

  setAway(isAway: boolean): void {
    this.tables.away = isAway
    this.stream.away = isAway
    this.functions.away = isAway
  }

  heal(): void {
    this.setAway(false)
    this.functions.version = VERSION
    this.functions.clockSkewMs = 0
  }
}

interface Lane {
  readonly records: Taken[]
  isWorking: boolean
}

const MAX_AGE_MS = 20_000 // records that are older are given up, as a mapping with a maximum age does

/**
 * The event source mapping: lanes that hand records to the burst function, in order, until it says that it has them.
 */
export class EventSource {
  private readonly lanes: Lane[]
  private readonly random: Random

  constructor(
    private readonly context: Context,
    private readonly functions: Functions,
  ) {
    this.random = new Random(context.seed, 'event source')
    this.lanes = Array.from({ length: context.scenario.lanes }, () => ({ records: [], isWorking: false }))
  }

  take(key: number, record: Taken): void {
    const lane = this.lanes[key % this.lanes.length]!
    lane.records.push(record)
    if (lane.isWorking) return
    lane.isWorking = true
    this.context.timeline.after(this.random.between(5, 200), () => void this.work(lane))
  }

  private async work(lane: Lane): Promise<void> {
    const { records } = lane
    while (records.length > 0) {
      const batch = records.slice(0, this.random.between(1, this.context.scenario.maxBatch))
      const done = await this.functions.burst(batch).then(
        ({ batchItemFailures }) => this.doneOf(batch, batchItemFailures[0]?.itemIdentifier),
        () => this.givenUp(batch),
      )
      records.splice(0, done)
      this.context.trace.note('stream', () => `${done} of ${batch.length} records are done, ${records.length} wait`)
      if (done > 0 && this.context.faults.strikes('batch redelivered')) records.unshift(...batch.slice(0, done))
      await this.context.timeline.sleep(this.random.between(1, done < batch.length ? 300 : 20))
    }
    lane.isWorking = false
  }

  private doneOf(batch: readonly Taken[], firstFailed: string | undefined): number {
    if (firstFailed === undefined) return batch.length
    const done = batch.findIndex(({ sequenceNumber }) => sequenceNumber === firstFailed)
    return done > 0 ? done : this.givenUp(batch)
  }

  /** The first record of a batch that fails is dropped when it is too old. */
  private givenUp(batch: readonly Taken[]): number {
    return this.context.timeline.nowMs - batch[0]!.takenAtMs > MAX_AGE_MS ? 1 : 0
  }
}
