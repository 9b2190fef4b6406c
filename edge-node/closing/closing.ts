// For: windows close, are merged and become final.
// In: windows whose envelopes are all counted.
// Out: final records and rows, each with its proof.

import type { FinalRecord } from '../../core/protocol/log-record'
import type { WindowResult } from '../../core/protocol/merge'
import type { Account } from '../../core/protocol/protocol'
import type { DeadLetters } from '../dead-letters/dead-letters'
import { isDiskError } from '../disk/disk-space'
import { type Log, LogFailed } from '../log/log'
import { type Clock, systemClock } from '../observe/clock'
import type { EnvelopeEvents } from '../observe/envelope-events'
import { DurationHistogram } from '../observe/histogram'
import { NO_TRACE, type Trace } from '../observe/observe'
import type { Stored } from '../results/result-files'
import type { Results } from '../results/results'
import type { Merger } from './merger'

const DISK_RETRY_MS = 500 // between tries while the disk refuses

/** What finishing a window needs. */
export interface FinisherDependencies {
  readonly merger: Merger
  readonly deadLetters: Pick<DeadLetters, 'flush'>
  readonly results: Pick<Results, 'store' | 'publish' | 'count' | 'withBurst'>
  readonly log: Log
  readonly version: string
  readonly events: Pick<EnvelopeEvents, 'recalled' | 'final'>
  readonly trace?: Trace
}

/**
 * Makes complete windows final: result, dead letters and rows on disk, then the final record. That record is the only
 * commit point; nobody sees the window before it.
 */
export class Finisher {
  readonly latency = new DurationHistogram()
  /** Final windows that had any burst. */
  withBurst: number
  private next: number
  private stopped = false
  /** Final records on their way to the disk. */
  private commits = 0
  private readonly closedAtMs = new Map<number, number>()
  private readonly listeners = new Set<(final: FinalRecord) => void>()

  constructor(
    private readonly deps: FinisherDependencies,
    private readonly clock: Clock = systemClock,
  ) {
    this.next = deps.results.count
    this.withBurst = deps.results.withBurst
  }

  /** Begins to measure the latency of a window that takes no more events. */
  closed(endMs: number): void {
    this.closedAtMs.set(endMs, this.clock.monotonicMs())
  }

  /**
   * Finishes a window in the background. A window that cannot balance at the edge is a bug and ends the process; the
   * log has everything.
   */
  finish(account: Account): void {
    this.run(account).catch((error) => {
      // After a stop or on a sick disk the window stays as it is in the log: the next start finishes it.
      if (!this.stopped && !(error instanceof LogFailed)) throw error
    })
  }

  /** True while a final record is in the log's hands and not yet published: no moment for a checkpoint. */
  get committing(): boolean {
    return this.commits > 0
  }

  stop(): void {
    this.stopped = true
    this.deps.merger.stop()
  }

  /** Calls `listener` for each window that becomes final from now on; returns how to end that. */
  onFinal(listener: (final: FinalRecord) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  private async run(account: Account): Promise<void> {
    const { merger, trace = NO_TRACE } = this.deps
    const mergeFromMs = this.clock.monotonicMs()
    const merged = await merger.result(account)
    const mergedMs = this.clock.monotonicMs()
    if (this.stopped) return
    switch (merged.kind) {
      case 'stopped':
        return
      case 'recall':
        await this.deps.events.recalled(account.endMs, merged.envelopes, merged.reason)
        return
      case 'result':
        if (!(await this.commit(merged.result))) return
        trace.window(account, { mergeFromMs, mergedMs, finalMs: this.clock.monotonicMs() })
        if (account.burst.length > 0) await merger.markFinal(account.endMs)
    }
  }

  /** False when stopped before it was done. */
  private async commit(result: WindowResult): Promise<boolean> {
    const { deadLetters, results, log } = this.deps
    const stored = await this.untilDone(async () => {
      await deadLetters.flush()
      return results.store(result.startMs, result.endMs, result.rows)
    })
    if (stored === null) return false
    const final = this.record(result, stored)
    this.commits += 1
    try {
      await log.append([final])
    } finally {
      this.commits -= 1
    }
    this.publish(final)
    return true
  }

  /** Tries again while the disk refuses; null when stopped before it was done. */
  private async untilDone<T>(work: () => Promise<T>): Promise<T | null> {
    while (!this.stopped) {
      try {
        return await work()
      } catch (error) {
        if (!isDiskError(error)) throw error
        await new Promise<void>((resolve) => this.clock.after(DISK_RETRY_MS, resolve))
      }
    }
    return null
  }

  private record({ rows, ...result }: WindowResult, { digest, bytes }: Stored): FinalRecord {
    const { version } = this.deps
    return {
      type: 'final',
      number: this.next++,
      version,
      ...result,
      rows: rows.length,
      digest,
      atMs: this.clock.epochMs(),
      bytes,
    }
  }

  private publish(final: FinalRecord): void {
    this.deps.results.publish(final)
    this.deps.events.final(final)
    if (final.burst > 0) this.withBurst += 1
    const closedAtMs = this.closedAtMs.get(final.endMs)
    if (closedAtMs !== undefined) this.latency.record(this.clock.monotonicMs() - closedAtMs)
    this.closedAtMs.delete(final.endMs)
    for (const listener of this.listeners) listener(final)
  }
}
