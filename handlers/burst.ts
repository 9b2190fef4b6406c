import { randomUUID } from 'node:crypto'
import type { Context, KinesisStreamBatchResponse } from 'aws-lambda'
import type { BurstEvent } from '../cloud/burst-function'
import { GroupTooLarge } from '../cloud/chunks'
import { dynamoClient } from '../cloud/clients'
import { DynamoItemStore } from '../cloud/dynamo-item-store'
import { openEnvelope, type WireHeader } from '../cloud/envelope-codec'
import { expiresAtS } from '../cloud/expiry'
import { PartialStore } from '../cloud/partial-store'
import { machineTimers } from '../cloud/timers'
import type { Envelope } from '../core/envelope'
import { errorText } from '../core/error-text'
import { type EnvelopePartial, foldEnvelope } from '../core/fold'
import type { RefusalCode } from '../core/head'
import type { Pipeline } from '../core/pipeline'
import type { Timers } from '../core/side-by-side'
import { pipelines } from '../pipelines/registry'
import { required } from './environment'
import { functionLog, type LogLine } from './function-log'
import { LeftBehind, UncaughtErrors } from './uncaught-errors'

/** What the handler works with; the tests and the local cloud give others. */
export interface BurstDependencies {
  readonly store: PartialStore
  readonly pipelines: ReadonlyMap<string, Pipeline>
  /** Version of the pipelines in this bundle: envelopes of another are refused. */
  readonly version: string
  readonly nowMs: () => number
  readonly newAttempt: () => string
  readonly log: (line: LogLine) => void
  /** For the time limit of `map`. Without them only the timeout of the function ends one that hangs. */
  readonly timers?: Timers
  /** Errors that `map` leaves behind; where they are not heard, they end the process. */
  readonly uncaught?: Pick<UncaughtErrors, 'during'>
  /** How long this instance took to start; 0 when that was asked before. It is billed. */
  readonly takeInitMs?: () => number
}

type Invocation = Pick<Context, 'awsRequestId' | 'memoryLimitInMB'>

/**
 * Folds the envelopes of a Kinesis batch, in order; a direct call is a batch of one. Stops at the first one that fails for a passing reason and reports it, so that the batch is tried
 * again from there; what can never work is refused by a head of its own and does not block the shard, also an envelope whose `map` leaves an error
 * behind that would end the process. One that ends it all the same (out of memory, or an endless loop until the timeout of the function) cannot be reported from here: the mapping tries again, splits the batch
 * until it is alone, and gives it up to the on-failure queue. In any case the edge takes it back at its deadline, after which retries pass it over.
 */
export function createBurstHandler(dependencies: BurstDependencies) {
  return async (event: BurstEvent, invocation: Invocation): Promise<KinesisStreamBatchResponse> => {
    if (event.Records.length === 0) await hold(dependencies, event.holdMs ?? 0)
    for (const record of event.Records) {
      try {
        await burstOne(dependencies, Buffer.from(record.kinesis.data, 'base64'), invocation)
      } catch (error) {
        const { sequenceNumber } = record.kinesis
        dependencies.log({
          level: 'error',
          message: 'the batch is tried again from here',
          sequenceNumber,
          error: errorText(error),
        })
        return { batchItemFailures: [{ itemIdentifier: sequenceNumber }] }
      }
    }
    return { batchItemFailures: [] }
  }
}

const MAX_HOLD_MS = 1_000 // whoever calls cannot keep instances at work for long

/** Called to be kept warm: at work for a moment, so that calls made together meet an instance each. */
async function hold({ timers }: BurstDependencies, durationMs: number): Promise<void> {
  if (timers === undefined || durationMs <= 0) return
  await new Promise<void>((resolve) => timers.after(Math.min(durationMs, MAX_HOLD_MS), resolve))
}

async function burstOne(dependencies: BurstDependencies, data: Uint8Array, invocation: Invocation): Promise<void> {
  const opened = openEnvelope(data)
  switch (opened.kind) {
    case 'unreadable':
      // It names no envelope, so nobody can be told; the edge takes it back at its deadline.
      dependencies.log({ level: 'error', message: 'a record was skipped', reason: opened.reason })
      return
    case 'corrupt':
      return refuse(dependencies, opened.header, 'corrupt', opened.reason)
    case 'envelope':
      if (dependencies.nowMs() >= opened.header.reclaimAtMs) {
        // An orphan already, or the clocks of edge and function are apart: new work goes first.
        const { number: envelope, reclaimAtMs } = opened.header
        dependencies.log({
          level: 'warn',
          message: 'an expired envelope was skipped',
          envelope,
          reclaimAtMs,
          nowMs: dependencies.nowMs(),
        })
        return
      }
      return foldOne(dependencies, opened.header, opened.envelope, invocation)
  }
}

async function foldOne(
  dependencies: BurstDependencies,
  header: WireHeader,
  envelope: Envelope,
  invocation: Invocation,
): Promise<void> {
  const { store, nowMs, newAttempt, version, timers } = dependencies
  const pipeline = dependencies.pipelines.get(header.pipeline)
  if (pipeline === undefined)
    return refuse(dependencies, header, 'unknown_pipeline', `no pipeline ${header.pipeline} here`)
  if (header.version !== version) {
    return refuse(dependencies, header, 'unknown_version', `this function has version ${version}; deploy again`)
  }
  const startMs = nowMs()
  const during = <T>(work: () => Promise<T>) => (dependencies.uncaught ?? NOBODY).during(work)
  const initMs = dependencies.takeInitMs?.() ?? 0
  const work = (writeUnits: number) => ({
    requestId: invocation.awsRequestId,
    ms: nowMs() - startMs,
    memoryMb: Number(invocation.memoryLimitInMB),
    writeUnits,
    ...(initMs > 0 && { initMs }),
  })
  const fold = () => foldEnvelope(pipeline, envelope, { timers })
  const put = (partial: EnvelopePartial) => store.putEnvelope(pipeline, header, envelope, newAttempt(), partial, work)
  try {
    const partial = await during(fold)
    await during(() => put(partial))
  } catch (error) {
    if (error instanceof GroupTooLarge) await refuse(dependencies, header, 'too_large', error.message)
    else if (error instanceof LeftBehind) await refuse(dependencies, header, 'map_killed', error.message)
    else throw error
  }
}

const NOBODY: Pick<UncaughtErrors, 'during'> = { during: (work) => work() }

async function refuse(
  { store, log }: BurstDependencies,
  header: WireHeader,
  code: RefusalCode,
  reason: string,
): Promise<void> {
  const facts = { envelope: header.number, code, ...(code !== 'map_killed' && { reason }) } // an error of `map` may quote events
  log({ level: 'warn', message: 'an envelope was refused', ...facts })
  await store.refuse(header, header.number, { kind: 'refused', digest: header.digest, code, reason })
}

const MAX_INIT_MS = 10_000 // the init phase is ended after that; a process that serves many functions is older
let untoldInitMs = Math.min(MAX_INIT_MS, Math.round(performance.now())) // from the start of the process until this module is ready

function takeInitMs(): number {
  const initMs = untoldInitMs
  untoldInitMs = 0
  return initMs
}

let standing: ReturnType<typeof createBurstHandler> | undefined

/** The function behind the stream, which the edge may call by itself as well. Its environment is read at the first call, so that the module can be imported anywhere. */
export const handler = async (event: BurstEvent, context: Context): Promise<KinesisStreamBatchResponse> => {
  standing ??= standingHandler()
  return standing(event, context)
}

function standingHandler() {
  const log = functionLog('burst', Date.now, console.log)
  return createBurstHandler({
    store: new PartialStore(new DynamoItemStore(dynamoClient(), required('PARTIALS_TABLE')), expiresAtS),
    pipelines,
    version: required('PIPELINE_VERSION'),
    nowMs: Date.now,
    newAttempt: randomUUID,
    log,
    timers: machineTimers,
    uncaught: UncaughtErrors.ofProcess(log),
    takeInitMs,
  })
}
