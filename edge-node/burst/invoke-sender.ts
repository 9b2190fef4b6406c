import type { BurstFunction, FoldReport } from '../../cloud/burst-function'
import { sealEnvelope } from '../../cloud/envelope-codec'
import type { InvokeFailure } from '../../cloud/functions'
import type { Envelope } from '../../core/protocol/envelope'
import type { Clock } from '../observe/clock'
import type { EnvelopeSender, SendCounters, SenderHooks } from './envelope-sender'

interface Waiting {
  readonly envelope: Envelope
  readonly reclaimAtMs: number
  /** The same by the monotonic clock: the other one may be set. */
  readonly expiresAtMs: number
}

/**
 * Sends envelopes by calling the burst function with each, at most `maxCalls` side by side (it may change); the others
 * wait here, as many as the limits on what may be in flight let through. What makes an envelope durable is the log of
 * the edge, not its way.
 *
 * `accepted` means that the first request with the envelope has gone out: Lambda says nothing before the fold has
 * ended, so there is no better moment to tell apart from that end. A call without an answer ends with the deadline of
 * its envelope, as does the wait for a call; the edge then takes it back by itself.
 */
export class InvokeSender implements EnvelopeSender {
  private readonly queue: Waiting[] = []
  private calls = 0
  private readonly totals = { invocations: 0, throttled: 0, failed: 0, divertMs: 0 }

  constructor(
    private readonly burst: Pick<BurstFunction, 'fold'>,
    private readonly maxCalls: () => number,
    private readonly hooks: SenderHooks,
    private readonly clock: Pick<Clock, 'epochMs' | 'monotonicMs'>,
  ) {}

  send(envelope: Envelope, reclaimAtMs: number): void {
    const expiresAtMs = this.clock.monotonicMs() + reclaimAtMs - this.clock.epochMs()
    this.queue.push({ envelope, reclaimAtMs, expiresAtMs })
    this.startNext()
  }

  counters(): SendCounters {
    return { records: 0, bytes: 0, putUnits: 0, ...this.totals }
  }

  private startNext(): void {
    while (this.calls < this.maxCalls()) {
      const next = this.takeLive()
      if (next === undefined) return
      this.calls += 1
      void this.call(next)
    }
  }

  /** What is over would be passed over by the function, too. */
  private takeLive(): Waiting | undefined {
    const nowMs = this.clock.monotonicMs()
    const live = this.queue.findIndex(({ expiresAtMs }) => expiresAtMs > nowMs)
    return live < 0 ? void this.queue.splice(0) : this.queue.splice(0, live + 1).at(-1)
  }

  private async call({ envelope, reclaimAtMs, expiresAtMs }: Waiting): Promise<void> {
    const startMs = this.clock.monotonicMs()
    const partitionKey = `${envelope.incarnation}-${envelope.number}`
    // Sealed no sooner than it is sent: what waits is in memory once.
    const record = { partitionKey, data: sealEnvelope(envelope, reclaimAtMs) }
    this.totals.divertMs += this.clock.monotonicMs() - startMs
    let isAccepted = false
    const sent = (cpuMs: number) => {
      this.totals.divertMs += cpuMs
      if (!isAccepted) this.hooks.accepted(envelope)
      isAccepted = true
    }
    const tried = (failure: InvokeFailure | null) => this.tried(failure)
    this.ended(envelope, await this.burst.fold(record, expiresAtMs - startMs, { sent, tried }))
    this.calls -= 1
    this.startNext()
  }

  private tried(failure: InvokeFailure | null): void {
    if (failure === 'throttled') this.totals.throttled += 1
    else if (failure !== 'unreachable' && failure !== 'refused') this.totals.invocations += 1
  }

  private ended(envelope: Envelope, report: FoldReport): void {
    switch (report.kind) {
      case 'finished':
        this.hooks.finished(envelope)
        return
      case 'failed':
        this.totals.failed += 1
        this.hooks.failed(envelope, report.isOutage, report.reason)
        return
      case 'expired':
        return
    }
  }
}
