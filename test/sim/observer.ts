import type { Answer, FinalRecord, LogRecord } from '../../core/protocol/log-record'
import type { MergeAnswer } from '../../core/protocol/protocol'
import type { Context } from './context'
import type { Coverage, Situation } from './coverage'
import type { SimProcess } from './edge/process'
import type { History } from './history'
import type { Rules } from './rules'
import { describeRecord } from './timeline'

/** Notices which situations a world comes to. */
export class Observer {
  private readonly reclaimed = new Set<number>()
  private readonly lostMerges = new Set<number>()

  constructor(
    private readonly coverage: Coverage,
    private readonly rules: Rules,
  ) {}

  /** The data directory is another one from now on. */
  beginLife(): void {
    this.reclaimed.clear()
    this.lostMerges.clear()
  }

  answered({ late, partlyLate, rejected }: Answer, isFirst: boolean): void {
    if (!isFirst) {
      this.saw('an answer was repeated')
      return
    }
    if (late > 0) this.saw('an event was late')
    if (partlyLate > 0) this.saw('an event was partly late')
    if (rejected.length > 0) this.saw('a line was rejected')
  }

  finalShown({ endMs, edge, burst, deadLettered }: FinalRecord): void {
    if (deadLettered > 0) this.saw('an event became a dead letter')
    if (burst === 0) this.saw('a window became final at the edge alone')
    else this.saw(edge === 0 ? 'a window became final with burst alone' : 'a window became final from both halves')
    if (this.lostMerges.delete(endMs) && burst > 0) this.saw('a candidate of an earlier merge was adopted')
  }

  merged(endMs: number, answer: MergeAnswer, isLost: boolean): void {
    const { status } = answer
    if (status === 'unbalanced') this.rules.broken('what a manifest lists balances', { endMs, ...answer })
    if (status === 'missing') this.saw('a merge found a part missing')
    if (status === 'merged' && isLost) this.lostMerges.add(endMs)
  }

  headWritten(partition: string, isFirst: boolean): void {
    const number = Number(partition.slice(partition.lastIndexOf('#') + 1))
    if (!isFirst) this.saw('two attempts at one envelope wrote a head')
    else if (this.reclaimed.has(number)) this.saw('a head was written after its envelope was reclaimed')
  }

  crashed(windows: { readonly finalizing: number; readonly inFlight: number } | undefined): void {
    if (windows !== undefined && windows.inFlight > 0) this.saw('a crash came while an envelope was in the cloud')
    if (windows !== undefined && windows.finalizing > 0) this.saw('a crash came while a window was being finished')
  }

  /** The edge has logged something. */
  heard(facts: Record<string, unknown>, message: string): void {
    const reason = String(facts.reason)
    if (message === 'an envelope comes back to the edge') {
      this.reclaimed.add(Number(facts.envelope))
      this.saw(reclaimed(reason))
    }
    if (message === 'a window cannot be merged yet; trying again') this.saw('a merge was tried again')
    if (message === 'the cloud is away: nothing is sent until a try gets through')
      this.saw('the cloud was found to be away')
    if (message !== 'envelopes come back from the cloud') return
    this.saw('envelopes were recalled from a window')
    if (reason.includes('another accepted set')) this.saw('a candidate of another accepted set stood in the way')
  }

  saw(situation: Situation): void {
    this.coverage.seen(situation)
  }
}

function reclaimed(reason: string): Situation {
  if (reason.startsWith('the cloud did not finish')) return 'an envelope was reclaimed after its deadline'
  if (reason.startsWith('another content')) return 'an envelope was reclaimed for a foreign head under its number'
  if (reason.startsWith('the stream')) return 'an envelope was reclaimed because the stream did not take it'
  if (reason.startsWith('the function was not called'))
    return 'an envelope was reclaimed because the function could not be called'
  if (reason.startsWith('map_killed')) return 'an envelope was reclaimed since it would have ended a function'
  return 'an envelope was reclaimed for a refusal'
}

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
