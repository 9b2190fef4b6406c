import type { LogRecord } from '../../core/protocol/log-record'
import type { Context } from './context'
import type { History } from './history'
import type { SimProcess } from './process'
import { describeRecord } from './trace'

/**
 * What one boot tells its log, durable or not: checks that it does not contradict itself, and that windows close for a
 * reason.
 */
export class LogWatch {
  private readonly appended: History
  private lastRequestRanMs: number

  constructor(
    private readonly context: Context,
    private readonly process: SimProcess,
    private readonly epochMs: () => number,
    durable: History,
  ) {
    this.appended = durable.fork()
    this.lastRequestRanMs = process.ranMs
    if (this.appended.openWindows().length > 0) context.observer.saw('a restart found open windows')
    if (this.appended.uncut > 0) context.observer.saw('a restart found uncut events')
  }

  /** Somebody was there, whether anything was accepted or not. */
  requested(): void {
    this.lastRequestRanMs = this.process.ranMs
  }

  appends(record: LogRecord): void {
    const { rules, trace } = this.context
    if (record.type === 'closing') this.checkClosing(record.horizonMs)
    try {
      this.appended.add([record])
    } catch (error) {
      rules.broken('the log does not contradict itself', String(error))
    }
    trace.note(this.process.name, () => `appends ${describeRecord(record)}`)
  }

  private checkClosing(horizonMs: number): void {
    const { rules, observer } = this.context
    const idleMs = this.process.ranMs - this.lastRequestRanMs
    const { appended } = this
    if (rules.closes({ horizonMs, appended, idleMs, clockMs: this.epochMs() }))
      observer.saw('a window closed by idleness')
  }
}
