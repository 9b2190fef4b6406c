import { shortReason } from '../core/pipeline/excerpt'
import { jitteredDelays } from './backoff'
import { type CallOptions, type FunctionInvoker, InvokeFailed, type InvokeFailure } from './functions'
import type { StreamRecord } from './stream'

/** What the burst function reads of an event. A batch of the stream is one, and so is a call with a single envelope. */
export interface BurstEvent {
  readonly Records: readonly {
    /** Of the stream; a call with a single envelope has none. */
    readonly eventSourceARN?: string
    readonly kinesis: {
      readonly partitionKey: string
      readonly sequenceNumber: string
      readonly data: string
      /** When the stream took it, in epoch seconds; a call with a single envelope has none. */
      readonly approximateArrivalTimestamp?: number
    }
  }[]
  /** Of an event without records: how long to stay at work, so that calls made together meet an instance each. */
  readonly holdMs?: number
}

/** What the burst function answers. */
export interface BurstAnswer {
  /** The first record that was not done, by its sequence number: neither were those after it. Empty: all were. */
  readonly batchItemFailures: { itemIdentifier: string }[]
  /** Why, where no mapping asks. */
  readonly failure?: BurstFailure
}

export interface BurstFailure {
  readonly code: 'out_of_time' | 'not_stored'
  readonly message: string
  readonly retryable: boolean
}

/** What a call of `fold` tells while it lasts. */
export interface FoldHooks {
  /** A request goes out; how long this thread worked for it, in ms. */
  readonly sent: (cpuMs: number) => void
  /** How a try failed; null when it did not. */
  readonly tried: (failure: InvokeFailure | null) => void
}

/** What a call of `fold` came to. */
export type FoldReport =
  /** The function says that the envelope has a head. */
  | { readonly kind: 'finished' }
  /** It was not finished, whatever was tried: because the cloud is away or the function fails, or only throttled. */
  | { readonly kind: 'failed'; readonly isOutage: boolean; readonly reason: string }
  /** The time was over, and nobody knows. */
  | { readonly kind: 'expired' }

// about 5 s with the backoff, as for the stream; after that folding at the edge is faster than waiting
const MAX_TRIES = 8

/**
 * Calls the burst function with one record, as the stream would hand it over, and tries again with jitter. An answer
 * that got lost does no harm: the function finds the head of the envelope standing. The payload is the record in
 * base64, 430 KB at most with the largest envelope that can be set, and Lambda takes 6 MB.
 */
export class BurstFunction {
  constructor(private readonly burst: Pick<FunctionInvoker, 'invoke'>) {}

  /** Takes little more than `limitMs` at most. Rejects only by a bug. */
  async fold({ partitionKey, data }: StreamRecord, limitMs: number, { sent, tried }: FoldHooks): Promise<FoldReport> {
    const kinesis = { partitionKey, sequenceNumber: partitionKey, data: base64(data) }
    const event: BurstEvent = { Records: [{ kinesis }] }
    const expiry = AbortSignal.timeout(Math.max(0, Math.floor(limitMs)))
    const delays = jitteredDelays(MAX_TRIES)
    for (;;) {
      const failure = await this.tryFold(event, { signal: expiry, onSent: sent })
      tried(failure?.code ?? null)
      if (failure === null) return { kind: 'finished' }
      if (failure.code === 'refused') return { kind: 'failed', isOutage: true, reason: reasonOf(failure) }
      if (expiry.aborted) return { kind: 'expired' }
      try {
        await delays.next(failure.message)
      } catch {
        return { kind: 'failed', isOutage: failure.code !== 'throttled', reason: reasonOf(failure) }
      }
    }
  }

  private async tryFold(event: BurstEvent, options: CallOptions): Promise<InvokeFailed | null> {
    try {
      const answer = (await this.burst.invoke(event, options)) as Partial<BurstAnswer> | null
      // an empty answer is full success, as for the stream
      const isFinished = (answer?.batchItemFailures ?? []).length === 0
      const why = answer?.failure?.message ?? 'the envelope could not be stored'
      return isFinished ? null : new InvokeFailed('function_error', 'burst', why)
    } catch (error) {
      if (error instanceof InvokeFailed) return error
      throw error
    }
  }
}

const WORDS = {
  throttled: 'is throttled',
  function_error: 'fails',
  unreachable: 'cannot be reached',
  refused: 'cannot be called',
} as const satisfies Record<InvokeFailure, string>
const reasonOf = ({ code, message }: InvokeFailed) => `the function ${WORDS[code]} (${shortReason(message)})`
const base64 = (data: Uint8Array) => Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64')
