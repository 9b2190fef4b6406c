import { randomUUID } from 'node:crypto'
import type { Context } from 'aws-lambda'
import type { BurstAnswer, BurstEvent, BurstFailure } from '../cloud/burst-function'
import { GroupTooLarge } from '../cloud/chunks'
import { dynamoClient } from '../cloud/clients'
import { DynamoItemStore } from '../cloud/dynamo-item-store'
import { openEnvelope, type WireHeader } from '../cloud/envelope-codec'
import { expiresAtS } from '../cloud/keys'
import { PartialStore } from '../cloud/partial-store'
import { machineTimers } from '../cloud/timers'
import { errorText } from '../core/pipeline/excerpt'
import type { Pipeline } from '../core/pipeline/pipeline'
import type { Envelope } from '../core/protocol/envelope'
import { type EnvelopePartial, foldEnvelope } from '../core/protocol/fold'
import type { RefusalCode } from '../core/protocol/protocol'
import type { Timers } from '../core/protocol/side-by-side'
import { byName, deployedVersions, isBatch, NotABatch, required } from './requests'
import { OutOfTime, TimeLeft } from './time-left'
import { functionLog, LeftBehind, type LogLine, UncaughtErrors } from './uncaught-errors'

/** What the handler works with; the tests and the local cloud give others. */
export interface BurstDependencies {
  readonly store: PartialStore
  readonly pipelines: ReadonlyMap<string, Pipeline>
  /** Version of a pipeline in this bundle: envelopes of another are refused. */
  readonly versionOf: (pipeline: string) => string | undefined
  readonly nowMs: () => number
  readonly newAttempt: () => string
  readonly log: (line: LogLine) => void
  /** For the time limits of `map` and of the function. Without them only the function's timeout ends what hangs. */
  readonly timers?: Timers
  /** Errors that `map` leaves behind; where they are not heard, they end the process. */
  readonly uncaught?: Pick<UncaughtErrors, 'during'>
  /** How long this instance took to start; 0 when that was asked before. It is billed. */
  readonly takeInitMs?: () => number
}

type Invocation = Pick<Context, 'awsRequestId' | 'memoryLimitInMB'> & Partial<Pick<Context, 'getRemainingTimeInMillis'>>

/**
 * Folds the envelopes of a Kinesis batch, in order; a direct call is a batch of one. Stops at the first one that fails
 * for a passing reason, or for which there is no time, and reports it, so that the batch is tried again from there.
 * What can never work is refused by a head of its own and does not block the shard, also an envelope whose `map` leaves
 * an error behind that would end the process. One that ends it all the same (out of memory, or an endless loop) cannot
 * be reported from here: the mapping tries again, splits the batch until it is alone, and gives it up to the on-failure
 * queue. In any case the edge takes it back at its deadline, after which retries pass it over. Rejects with NotABatch.
 */
export function createBurstHandler(dependencies: BurstDependencies) {
  return async (event: BurstEvent, invocation: Invocation): Promise<BurstAnswer> => {
    if (!isBatch(event)) throw new NotABatch()
    if (event.Records.length === 0) await hold(dependencies, event.holdMs ?? 0)
    const batch = new Batch(dependencies, invocation)
    for (const record of event.Records) {
      try {
        const { data, approximateArrivalTimestamp: arrivedS } = record.kinesis
        await batch.burst(Buffer.from(data, 'base64'), arrivedS === undefined ? undefined : arrivedS * 1000)
      } catch (error) {
        return notDone(dependencies, record, error)
      }
    }
    return { batchItemFailures: [] }
  }
}

/** Reports a record, and with it all after it. The mapping asks for no more; whoever calls directly hears why. */
function notDone({ log }: BurstDependencies, record: BurstEvent['Records'][number], error: unknown): BurstAnswer {
  const { sequenceNumber } = record.kinesis
  const isLate = error instanceof OutOfTime
  const code = isLate ? error.code : 'not_stored'
  const failure: BurstFailure = { code, message: errorText(error), retryable: true }
  log({
    level: isLate ? 'warn' : 'error',
    message: 'the batch is tried again from here',
    sequenceNumber,
    code,
    error: failure.message,
  })
  const batchItemFailures = [{ itemIdentifier: sequenceNumber }]
  return record.eventSourceARN === undefined ? { batchItemFailures, failure } : { batchItemFailures }
}

const MAX_HOLD_MS = 1_000 // whoever calls cannot keep instances at work for long

/** Called to be kept warm: at work for a moment, so that calls made together meet an instance each. */
async function hold({ timers }: BurstDependencies, durationMs: number): Promise<void> {
  if (timers === undefined || durationMs <= 0) return
  await new Promise<void>((resolve) => timers.after(Math.min(durationMs, MAX_HOLD_MS), resolve))
}

/** The work of one call. */
class Batch {
  private readonly time: TimeLeft
  /** What the slowest envelope of the batch took so far. */
  private slowestMs = 0

  constructor(
    private readonly dependencies: BurstDependencies,
    private readonly invocation: Invocation,
  ) {
    this.time = new TimeLeft(invocation.getRemainingTimeInMillis?.bind(invocation), dependencies.timers)
  }

  /**
   * Rejects for a passing reason, also with OutOfTime. What will not be done in time is not begun: it would be paid
   * twice. `arrivedMs`: when the stream took it, in epoch ms.
   */
  async burst(data: Uint8Array, arrivedMs: number | undefined): Promise<void> {
    const { nowMs } = this.dependencies
    if (this.slowestMs > this.time.workMs) throw new OutOfTime('too little time is left for another envelope')
    const startMs = nowMs()
    await this.burstOne(data, arrivedMs)
    this.slowestMs = Math.max(this.slowestMs, nowMs() - startMs)
  }

  private async burstOne(data: Uint8Array, arrivedMs: number | undefined): Promise<void> {
    const { log, nowMs } = this.dependencies
    const opened = openEnvelope(data)
    switch (opened.kind) {
      case 'unreadable':
        // It names no envelope, so nobody can be told; the edge takes it back at its deadline.
        log({ level: 'error', message: 'a record was skipped', reason: opened.reason })
        return
      case 'corrupt':
        return this.refuse(opened.header, 'corrupt', opened.reason)
      case 'envelope':
        if (nowMs() >= opened.header.reclaimAtMs) {
          // An orphan already, or the clocks of edge and function are apart: new work goes first.
          const { number: envelope, reclaimAtMs } = opened.header
          log({ level: 'warn', message: 'an expired envelope was skipped', envelope, reclaimAtMs, nowMs: nowMs() })
          return
        }
        return this.fold(opened.header, opened.envelope, arrivedMs)
    }
  }

  private async fold(header: WireHeader, envelope: Envelope, arrivedMs: number | undefined): Promise<void> {
    const { store, nowMs, newAttempt, timers } = this.dependencies
    const pipeline = this.dependencies.pipelines.get(header.pipeline)
    if (pipeline === undefined) return this.refuse(header, 'unknown_pipeline', `no pipeline ${header.pipeline} here`)
    const version = this.dependencies.versionOf(header.pipeline)
    if (header.version !== version)
      return this.refuse(header, 'unknown_version', `this function has version ${version}; deploy again`)
    const startMs = nowMs()
    const initMs = this.dependencies.takeInitMs?.() ?? 0
    const work = (writeUnits: number) => ({
      requestId: this.invocation.awsRequestId,
      ms: nowMs() - startMs,
      memoryMb: Number(this.invocation.memoryLimitInMB),
      writeUnits,
      ...(initMs > 0 && { initMs }),
      // Both are clocks of the cloud: that of the edge may be another.
      ...(arrivedMs !== undefined && { waitMs: Math.max(0, Math.round(startMs - arrivedMs)) }),
    })
    const pause = (): undefined => void this.time.check() // a map that computes lets no timer fire
    const fold = () => foldEnvelope(pipeline, envelope, { timers, pause })
    const put = (partial: EnvelopePartial) => store.putEnvelope(pipeline, header, envelope, newAttempt(), partial, work)
    try {
      const partial = await this.during(fold)
      await this.during(() => put(partial))
    } catch (error) {
      if (error instanceof GroupTooLarge) await this.refuse(header, 'too_large', error.message)
      else if (error instanceof LeftBehind) await this.refuse(header, 'map_killed', error.message)
      else throw error
    }
  }

  private during<T>(work: () => Promise<T>): Promise<T> {
    return (this.dependencies.uncaught ?? NOBODY).during(() => this.time.within(work))
  }

  private async refuse(header: WireHeader, code: RefusalCode, reason: string): Promise<void> {
    const { store, log } = this.dependencies
    // An error of `map` may quote events.
    const facts = { envelope: header.number, code, ...(code !== 'map_killed' && { reason }) }
    log({ level: 'warn', message: 'an envelope was refused', ...facts })
    const refusal = { kind: 'refused', digest: header.digest, code, reason } as const
    await this.time.within(() => store.refuse(header, header.number, refusal))
  }
}

const NOBODY: Pick<UncaughtErrors, 'during'> = { during: (work) => work() }

const MAX_INIT_MS = 10_000 // the init phase is ended after that; a process that serves many functions is older
let untoldInitMs = Math.min(MAX_INIT_MS, Math.round(performance.now())) // from the start of the process until this module is ready

function takeInitMs(): number {
  const initMs = untoldInitMs
  untoldInitMs = 0
  return initMs
}

/**
 * The function behind the stream, which the edge may call by itself as well. Its environment is read at the first call,
 * so that the module can be imported anywhere.
 */
export function burstFunction(pipelines: readonly Pipeline[]) {
  let standing: ReturnType<typeof createBurstHandler> | undefined
  return async (event: BurstEvent, context: Context): Promise<BurstAnswer> => {
    standing ??= standingHandler(pipelines)
    return standing(event, context)
  }
}

function standingHandler(pipelines: readonly Pipeline[]) {
  const log = functionLog('burst', Date.now, console.log)
  return createBurstHandler({
    store: new PartialStore(new DynamoItemStore(dynamoClient(), required('PARTIALS_TABLE')), expiresAtS),
    pipelines: byName(pipelines),
    versionOf: deployedVersions(),
    nowMs: Date.now,
    newAttempt: randomUUID,
    log,
    timers: machineTimers,
    uncaught: UncaughtErrors.ofProcess(log),
    takeInitMs,
  })
}
