import type { BurstFunction, FoldHooks, FoldReport } from '../../../cloud/burst-function'
import { openEnvelope } from '../../../cloud/envelope-codec'
import { InvokeFailed, type InvokeFailure } from '../../../cloud/functions'
import type { StreamRecord } from '../../../cloud/stream'
import type { Manifest, RunOrder } from '../../../core/protocol/protocol'
import type { MergeCloud } from '../../../edge-node/closing/merger'
import type { Context } from '../context'
import type { SimProcess } from '../edge/process'
import type { Cloud } from './event-source'
import type { Functions } from './functions'

const MAX_TRIES = 4

/**
 * The burst function as a process of the edge calls it directly: calls get lost, and so do answers, some are throttled,
 * and some arrive twice.
 */
export class BurstCalls implements Pick<BurstFunction, 'fold'> {
  private readonly random

  constructor(
    private readonly context: Context,
    private readonly functions: Functions,
    private readonly process: SimProcess,
  ) {
    this.random = context.randomOf('burst calls')
  }

  async fold(record: StreamRecord, limitMs: number, hooks: FoldHooks): Promise<FoldReport> {
    this.checkLeaving(record)
    const expired = this.process.sleep(limitMs).then((): FoldReport => ({ kind: 'expired' }))
    return Promise.race([expired, this.tryAgain(record, hooks)])
  }

  private async tryAgain(record: StreamRecord, { sent, tried }: FoldHooks): Promise<FoldReport> {
    for (let tries = 1; ; tries++) {
      sent(0)
      const failure = await this.tryOnce(record)
      tried(failure)
      if (failure === null) return { kind: 'finished' }
      if (tries === MAX_TRIES)
        return { kind: 'failed', isOutage: failure !== 'throttled', reason: `the function was not called (${failure})` }
      await this.process.sleep(this.random.between(20, 200))
    }
  }

  private tryOnce({ partitionKey, data }: StreamRecord): Promise<InvokeFailure | null> {
    const { faults, timeline } = this.context
    const isLost = faults.strikes('call lost')
    const isUnanswered = faults.strikes('call not answered')
    const isDoubled = faults.strikes('call doubled')
    const isThrottled = faults.strikes('call throttled')
    return new Promise((resolve) => {
      const back = (failure: InvokeFailure | null) =>
        this.process.after(this.random.between(1, 20), () => resolve(failure))
      if (isThrottled) return back('throttled')
      if (isLost) return this.process.after(this.random.between(50, 500), () => resolve('unreachable'))
      const run = () => this.functions.burst([{ sequenceNumber: partitionKey, data, takenAtMs: timeline.nowMs }])
      timeline.after(this.random.between(1, 20), () => {
        if (isDoubled) timeline.after(this.random.between(0, 3_000), () => void run().catch(() => undefined))
        run().then(
          ({ batchItemFailures }) =>
            back(isUnanswered ? 'unreachable' : batchItemFailures.length > 0 ? 'function_error' : null),
          (error) => back(String(error).includes('unreachable') ? 'unreachable' : 'function_error'),
        )
      })
    })
  }

  private checkLeaving({ data }: StreamRecord): void {
    const { rules } = this.context
    const opened = openEnvelope(data)
    if (opened.kind === 'envelope') rules.leaves(opened.header)
    else rules.broken('an envelope can be opened', opened.reason)
  }
}

/**
 * The merge function as a process of the edge calls it: calls get lost, and so do answers, and some calls are made
 * twice.
 */
export function mergeCalls(
  context: Context,
  { functions }: Cloud,
  process: SimProcess,
  onCall: () => void,
): MergeCloud['merge'] {
  return {
    invoke: (manifest) => {
      onCall()
      return invoke(context, functions, process, manifest as Manifest | RunOrder)
    },
  }
}

function invoke(
  context: Context,
  functions: Functions,
  process: SimProcess,
  request: Manifest | RunOrder,
): Promise<unknown> {
  const { faults, timeline, rules, observer } = context
  const random = context.randomOf('merge calls')
  if ('run' in request) observer.saw(request.parts ? 'runs were joined into one' : 'a run of envelopes was merged')
  else rules.merges(request)
  const isLost = faults.strikes('merge request lost')
  const isUnanswered = faults.strikes('merge response lost')
  const isDoubled = faults.strikes('merge called twice')
  return new Promise((resolve, reject) => {
    const back = (hear: () => void) => process.after(random.between(1, 20), hear)
    const unreachable = () => reject(new InvokeFailed('unreachable', 'merge', 'no answer'))
    if (isLost) return process.after(random.between(50, 500), unreachable)
    timeline.after(random.between(1, 20), () => {
      const sent = JSON.parse(JSON.stringify(request)) as Manifest | RunOrder
      if (isDoubled) void functions.merge(sent).catch(() => undefined)
      functions.merge(sent).then(
        (answer) => {
          observer.merged(request.endMs, answer, isUnanswered)
          back(() => (isUnanswered ? unreachable() : resolve(answer)))
        },
        (error) => back(() => reject(failureOf(error))),
      )
    })
  })
}

const failureOf = (error: unknown) =>
  String(error).includes('unreachable')
    ? new InvokeFailed('unreachable', 'merge', String(error))
    : new InvokeFailed('function_error', 'merge', String(error))
