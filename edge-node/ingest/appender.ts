import type { Intake } from '../../core/protocol/intake'
import type { LogRecord } from '../../core/protocol/log-record'
import type { Log } from '../log/log'
import type { Clock } from '../observe/clock'
import type { Cutter, LogStep } from './cutter'

/** What appending needs. */
export interface AppenderDependencies {
  readonly log: Pick<Log, 'appendNow' | 'flushed'>
  readonly intake: Pick<Intake, 'open'>
  readonly cutter: Pick<Cutter, 'all'>
  /** How long accepted events wait for others before they are cut, now. */
  readonly lingerMs: () => number
  readonly clock: Pick<Clock, 'after'>
}

/** Appends the steps of the node to the log, in the order in which they were made. Cuts what has lingered. */
export class Appender {
  private cancelLinger: (() => void) | undefined
  private stopped = false

  constructor(private readonly deps: AppenderDependencies) {}

  /**
   * Appends in the order of the state changes; `proceed` runs once all of it is durable. Rejects with LogFailed while
   * the disk refuses.
   */
  append(records: readonly LogRecord[], after: LogStep): Promise<void> {
    const { log, lingerMs } = this.deps
    const written = log.appendNow([...records, ...after.records])
    if (after.proceed !== undefined) log.flushed().then(after.proceed, () => undefined)
    this.linger(lingerMs())
    return written
  }

  /** Appends a step that nobody waits for: while the disk refuses, the log itself says that it is sick. */
  appendInBackground(step: LogStep): void {
    void this.append([], step).catch(() => undefined)
  }

  /** Cuts everything that was accepted. */
  cutAll(): void {
    const cuts = this.deps.cutter.all()
    if (cuts.records.length > 0) this.appendInBackground(cuts)
  }

  /** What is not cut yet is cut after this time at the latest. */
  linger(lingerMs: number): void {
    if (this.cancelLinger !== undefined || this.deps.intake.open.events === 0) return
    this.cancelLinger = this.deps.clock.after(lingerMs, () => {
      this.cancelLinger = undefined
      if (!this.stopped) this.cutAll()
    })
  }

  stop(): void {
    this.stopped = true
    this.cancelLinger?.()
  }
}
