import type { KinesisStreamBatchResponse, KinesisStreamEvent } from 'aws-lambda'
import { HEAD } from '../../../cloud/keys'
import { unpack } from '../../../cloud/packing'
import { PartialStore } from '../../../cloud/partial-store'
import { ResultStore } from '../../../cloud/result-store'
import type { Head, Manifest, MergeAnswer, RunOrder } from '../../../core/protocol/protocol'
import { createBurstHandler } from '../../../handlers/burst'
import { createMergeHandler } from '../../../handlers/merge'
import { UncaughtErrors } from '../../../handlers/uncaught-errors'
import type { Context } from '../context'
import { SimProcess } from '../edge/process'
import { simPipeline } from '../edge/sim-pipeline'
import { Random } from '../random'
import { EPOCH_MS } from '../workload'
import type { CloudTables } from './cloud-tables'
import type { Taken } from './stream'

/** The version of the pipelines in the edge's bundle, and in the functions' unless somebody deployed another. */
export const VERSION = 'v1'

/**
 * The real handlers, each call in a process of its own, which may crash or run on when nobody waits for it any more.
 */
export class Functions {
  version = VERSION
  clockSkewMs = 0
  /** Nobody reaches anything. */
  away = false
  private calls = 0
  private readonly ends = new WeakMap<SimProcess, () => void>()
  private readonly random: Random

  constructor(
    private readonly context: Context,
    private readonly tables: CloudTables,
  ) {
    this.random = new Random(context.seed, 'functions')
  }

  burst(records: readonly Taken[]): Promise<KinesisStreamBatchResponse> {
    const process = this.begin('burst')
    const uncaught = new UncaughtErrors(
      () => this.end(process),
      () => process.sleep(0),
    )
    const handler = createBurstHandler({
      store: this.partials(process),
      ...this.bundle(process, uncaught),
      nowMs: () => EPOCH_MS + this.context.timeline.nowMs + this.clockSkewMs,
      timers: process,
      uncaught,
      log: (line) => this.context.trace.note(process.name, () => JSON.stringify(line)),
    })
    const event = {
      Records: records.map(({ data, sequenceNumber }) => ({ kinesis: { data: base64(data), sequenceNumber } })),
    }
    const invocation = { awsRequestId: process.name, memoryLimitInMB: '128' }
    return this.run(process, () => handler(event as unknown as KinesisStreamEvent, invocation))
  }

  merge(request: Manifest | RunOrder): Promise<MergeAnswer> {
    const process = this.begin('merge')
    const handler = createMergeHandler({
      partials: this.partials(process),
      results: new ResultStore(this.tables.seenBy(process, this.tables.results), () => 0),
      ...this.bundle(process),
      used: () => ({ ms: 0, readUnits: 0, writeUnits: 0 }),
      memoryMb: 128,
    })
    return this.run(process, () => handler(request))
  }

  private begin(name: string): SimProcess {
    this.calls += 1
    return new SimProcess(`${name} ${this.calls}`, this.context.timeline)
  }

  /** The function ends by what `map` does, or hears of it before. */
  private dies(process: SimProcess, uncaught: UncaughtErrors): void {
    if (!process.alive) return
    if (this.random.chance(0.5)) this.end(process)
    else uncaught.hear(new Error('left behind'))
  }

  private end(process: SimProcess): void {
    this.context.observer.saw('an event ended a function')
    this.ends.get(process)?.()
  }

  private bundle(process: SimProcess, uncaught = new UncaughtErrors(() => undefined)) {
    // A nap takes a little more or less in each process, so that two attempts meet their groups in different orders.
    const pipeline = simPipeline(this.context.scenario, {
      nap: (ms) => process.sleep(ms + this.random.between(0, 20)),
      fails: () => this.random.chance(0.3),
      dies: (delayMs) => void process.after(delayMs, () => this.dies(process, uncaught)),
    })
    let attempts = 0
    return {
      pipelines: new Map([[pipeline.name, pipeline]]),
      versionOf: () => this.version,
      newAttempt: () => `${process.name}.${attempts++}`,
    }
  }

  private partials(process: SimProcess): PartialStore {
    const store = this.tables.seenBy(process, this.tables.partials, ({ pk, sk, body }, isNew) => {
      if (sk !== HEAD) return
      this.context.observer.headWritten(pk, isNew)
      const head = unpack(body) as unknown as Head
      if (head.kind === 'done' && head.panes.some(({ chunks }) => chunks > 1))
        this.context.observer.saw('a partial was chunked')
      this.context.trace.note(process.name, () => `${isNew ? 'writes a head' : 'finds a head standing'} (${head.kind})`)
    })
    return new PartialStore(store, () => 0)
  }

  /** Rejects when the function crashes, or is not waited for any longer; then it may run on all the same. */
  private run<T>(process: SimProcess, body: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.away)
        return this.context.timeline.after(this.random.between(10, 1_000), () => reject(new Error('unreachable')))
      this.ends.set(process, () => {
        process.kill()
        reject(new Error('the function did not end'))
      })
      process.after(this.random.between(1, 30), () => body().then(resolve, reject))
      const crashes = this.context.faults.strikes('function crashes')
      if (!crashes && !this.context.faults.strikes('function runs on after its timeout')) return
      this.context.timeline.after(this.random.between(1, 120), () => {
        if (crashes) process.kill()
        this.context.trace.note(process.name, () => (crashes ? 'crashes' : 'times out'))
        reject(new Error('the function did not end'))
      })
    })
  }
}

const base64 = (data: Uint8Array) => Buffer.from(data).toString('base64')
