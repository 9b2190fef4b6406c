import type { EnvelopeHeader } from '../../core/protocol/envelope'
import { addEvent, eventHasher } from '../../core/protocol/hash-sum'
import type { Answer, FinalRecord, LogRecord } from '../../core/protocol/log-record'
import { type EncodedTally, encodeTally, zeroTally } from '../../core/protocol/partial'
import { admit } from '../../scripts/verify/admission'
import type { OraclePipeline } from '../../scripts/verify/pipeline'

interface Accepted {
  readonly offset: number
  readonly windowEnds: readonly number[]
}

/** What the records of a log say so far, told independently of the product. Throws when they contradict each other. */
export class History {
  readonly records: LogRecord[] = []
  readonly answers = new Map<string, Answer>()
  readonly cuts: EnvelopeHeader[] = []
  /** By the end of the window. */
  readonly finals = new Map<number, FinalRecord>()
  horizonMs = Number.NEGATIVE_INFINITY
  newestMs = Number.NEGATIVE_INFINITY
  latestWindowEndMs = Number.NEGATIVE_INFINITY
  incarnation = ''
  private cutEvents = 0
  private readonly accepted: Accepted[] = []

  constructor(private readonly pipeline: OraclePipeline) {}

  /** One that goes on from here on its own. */
  fork(): History {
    const fork = new History(this.pipeline)
    fork.records.push(...this.records)
    fork.accepted.push(...this.accepted)
    fork.cuts.push(...this.cuts)
    for (const [key, answer] of this.answers) fork.answers.set(key, answer)
    for (const [endMs, final] of this.finals) fork.finals.set(endMs, final)
    const { horizonMs, newestMs, latestWindowEndMs, incarnation, cutEvents } = this
    return Object.assign(fork, { horizonMs, newestMs, latestWindowEndMs, incarnation, cutEvents })
  }

  add(records: readonly LogRecord[]): void {
    for (const record of records) {
      this.records.push(record)
      this.apply(record)
    }
  }

  /** How many events the window accepted, and the sum of their hashes. */
  acceptedIn(windowEndMs: number): EncodedTally {
    const tally = zeroTally()
    const hasher = eventHasher(this.incarnation)
    for (const { offset, windowEnds } of this.accepted) {
      if (!windowEnds.includes(windowEndMs)) continue
      tally.count += 1
      addEvent(tally.sum, hasher, offset)
    }
    return encodeTally(tally)
  }

  /** Events accepted. */
  get events(): number {
    return this.accepted.length
  }

  /** Accepted events that are in no envelope yet. */
  get uncut(): number {
    return this.accepted.length - this.cutEvents
  }

  /** Ends of the windows that accepted something and are not final. */
  openWindows(): number[] {
    const ends = new Set(this.accepted.flatMap(({ windowEnds }) => windowEnds))
    return [...ends].filter((endMs) => !this.finals.has(endMs))
  }

  private apply(record: LogRecord): void {
    switch (record.type) {
      case 'boot':
        this.incarnation = record.incarnation
        return
      case 'request':
        this.applyRequest(record)
        return
      case 'cut':
        this.applyCut(record.header)
        return
      case 'closing':
        if (!(record.horizonMs > this.horizonMs)) throw new Error(`the horizon goes back to ${record.horizonMs}`)
        this.horizonMs = record.horizonMs
        return
      case 'final':
        if (this.finals.has(record.endMs)) throw new Error(`window ${record.endMs} becomes final twice`)
        this.finals.set(record.endMs, record)
        return
      default:
        return
    }
  }

  private applyRequest({ key, answer, firstOffset, lines }: Extract<LogRecord, { type: 'request' }>): void {
    if (firstOffset !== this.accepted.length)
      throw new Error(`a request begins at offset ${firstOffset}, not ${this.accepted.length}`)
    if (key !== null && this.answers.has(key)) throw new Error(`request ${key} is in the log twice`)
    if (key !== null) this.answers.set(key, answer)
    for (const line of lines) this.applyLine(line, answer.horizon)
  }

  private applyLine(line: string, horizon: number | null): void {
    const admission = admit(line, horizon, this.pipeline)
    if (!('windows' in admission)) throw new Error(`a line was accepted that is ${admission.verdict}: ${line}`)
    const windowEnds = admission.windows.map(({ end }) => end)
    this.accepted.push({ offset: this.accepted.length, windowEnds })
    this.latestWindowEndMs = Math.max(this.latestWindowEndMs, ...windowEnds)
    const timestamp = (admission.event as { t: number | string }).t
    this.newestMs = Math.max(this.newestMs, typeof timestamp === 'number' ? timestamp : Date.parse(timestamp))
  }

  private applyCut(header: EnvelopeHeader): void {
    const { number, firstOffset, count } = header
    if (number !== this.cuts.length) throw new Error(`envelope ${number} follows ${this.cuts.length - 1}`)
    if (firstOffset !== this.cutEvents || count > this.uncut) throw new Error(`envelope ${number} skips events`)
    this.cuts.push(header)
    this.cutEvents += count
  }
}
