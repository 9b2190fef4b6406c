import type { BurstFunction, FoldHooks, FoldReport } from '../../cloud/burst-function'
import { openEnvelope } from '../../cloud/envelope-codec'
import type { InvokeFailure } from '../../cloud/functions'
import type { StreamRecord } from '../../cloud/stream'
import type { Context } from './context'
import type { Functions } from './functions'
import type { SimProcess } from './process'

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
