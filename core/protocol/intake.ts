import type { Found, ReadLine } from '../pipeline/event'
import type { Pipeline } from '../pipeline/pipeline'
import { lateness, paneStart } from '../pipeline/window'
import type { AnswerPage } from './answer-block'
import { Horizon } from './horizon'
import type { Answer, LogRecord } from './log-record'
import { bounded, joinRejections, passesLater, RejectionList, type Rejections, tooManyWindows } from './rejections'
import { type IntakeSnapshot, type KeyMemory, type KeySpan, RememberedAnswers } from './remembered-answers'
import { type CutEnvelope, type EnvelopeOrigin, Uncut } from './uncut'

/** Limits and times of admission; see `edge-node/config/config.ts` for the defaults and their reasons. */
export interface IntakeLimits {
  /** How long idempotency keys are remembered, and bytes that they and their answers may take. */
  readonly rememberKeysMs: number
  readonly answerBytes: number
  /** Panes that may hold events at once; an event that would open another is rejected. */
  readonly openPanes: number
  /** Time without requests, in ticks, after which the watermark passes the last open window. */
  readonly idleTimeoutMs: number
}

/** What admission makes of idempotency keys. */
export type KeyRules = Pick<KeyMemory, 'digestOf' | 'isKeptAsText'>

/** What identifies the log that admission writes to. */
export type LogIdentity = Omit<EnvelopeOrigin, 'pipeline'>

/** A request as it was read: lines that can be admitted, and those that cannot with their number. */
export interface ReadRequest extends Rejections {
  readonly key: string | null
  readonly lines: readonly ReadLine[]
  /** Whether a rejected line may be accepted when it is sent again as it is. */
  readonly mayPass?: boolean
  /** Of its body, where it has a key: the same key with another body is another request. */
  readonly digest?: string
}

export type RequestRecord = Extract<LogRecord, { type: 'request' }>

/** Of a key that an older version took: the next start tells until when that was. */
const UNKNOWN_TIME = Number.POSITIVE_INFINITY

/**
 * Admission: everything that depends on the order of the log, and nothing else. A method that returns a record has
 * already changed the state, so the caller appends records in the order of its calls. `replay` brings a new intake to
 * the same state from the records alone, and never judges an event again.
 */
export class Intake {
  private offset = 0
  private readonly uncut: Uncut
  private readonly answers: RememberedAnswers
  private readonly horizon: Horizon

  constructor(
    private readonly pipeline: Pipeline,
    private readonly identity: LogIdentity,
    private readonly limits: IntakeLimits,
    digestOf: (lines: readonly string[]) => string,
    keys: KeyRules,
  ) {
    const { version, incarnation } = identity
    this.uncut = new Uncut({ pipeline: pipeline.name, version, incarnation }, digestOf)
    this.horizon = new Horizon(pipeline, limits.idleTimeoutMs)
    this.answers = new RememberedAnswers({ ...keys, rememberMs: limits.rememberKeysMs, bytes: limits.answerBytes })
  }

  get incarnation(): string {
    return this.identity.incarnation
  }

  /** Event time in ms up to which windows are closed; -Infinity at first. */
  get horizonMs(): number {
    return this.horizon.closedMs
  }

  /** Up to where event time has come; -Infinity at first. */
  watermarkMs(clockMs: number): number {
    return this.horizon.watermarkMs(clockMs)
  }

  /** Offset of the next event: how many this log has ever accepted. */
  get nextOffset(): number {
    return this.offset
  }

  /** Events accepted and not yet cut. */
  get open(): { readonly events: number; readonly bytes: number } {
    return { events: this.uncut.events, bytes: this.uncut.bytes }
  }

  /** Bytes that the remembered keys and answers take. */
  get answerBytes(): number {
    return this.answers.bytes
  }

  /** Time until there is room for the keys of requests, in ms; 0 where there is. */
  get keyRoomInMs(): number {
    return this.answers.hasRoom ? 0 : Math.max(1, this.answers.roomInMs)
  }

  /** Panes that hold events; at the limit only a closing makes room for events of others. */
  get panes(): number {
    return this.horizon.panes.size
  }

  /** Lets time pass for the keys: those past their time are forgotten. `nowMs` is epoch time that never goes back. */
  rememberAt(nowMs: number): void {
    this.answers.pass(nowMs)
  }

  /** Which keys are remembered. */
  get keys(): KeySpan {
    return this.answers.span
  }

  /** The remembered keys from a number to before another, some at a time. */
  keyPages(from: number, until: number): Generator<AnswerPage> {
    return this.answers.pages(from, until)
  }

  /** The answer that a request with this key has had, when something of it was accepted or may be later. */
  answered(key: string): Answer | undefined {
    return this.answers.get(key)?.answer
  }

  /**
   * The answer that the same request has had before; null for a new request. `reused`: the key was answered for another
   * body. The old answer would then lose this body without a word.
   */
  repeated({ key, digest }: Pick<ReadRequest, 'key' | 'digest'>): Answer | 'reused' | null {
    const known = key === null ? undefined : this.answers.get(key)
    if (known === undefined) return null
    return digest === undefined || known.hadBody(digest) ? known.answer : 'reused'
  }

  /**
   * Judges the lines against the horizon, accepts those that are in time, and returns the record for the log. Null when
   * nothing can be accepted now, but something can once windows have closed: then nothing has changed, and the request
   * may be sent again under its key.
   */
  admit(request: ReadRequest): RequestRecord | null {
    const firstOffset = this.offset
    const lines: string[] = []
    const panes: [number, number][] = []
    let newestMs = Number.NEGATIVE_INFINITY
    const unplaced = new RejectionList()
    let late = 0
    let partlyLate = 0
    for (const read of request.lines) {
      const verdict = lateness(this.pipeline.window, read.timestampMs, this.horizon.closedMs)
      if (verdict === 'late') late++
      else if (!this.hasRoom(read.timestampMs)) unplaced.add(tooManyWindows(read, this.limits.openPanes))
      else {
        if (verdict === 'partlyLate') partlyLate++
        const pane = paneStart(this.pipeline.window, read.timestampMs)
        newestMs = Math.max(newestMs, read.timestampMs)
        lines.push(read.line)
        addRun(panes, pane)
        this.accept(read.line, pane, read.found)
      }
    }
    if (lines.length === 0 && unplaced.mayPass) return null
    this.horizon.touch()
    this.horizon.advance(newestMs)
    const rejections = joinRejections(request, unplaced.rejections)
    const mayPass = request.mayPass === true || unplaced.mayPass
    const answer: Answer = {
      ...{ accepted: lines.length, late, partlyLate, horizon: finiteOrNull(this.horizon.closedMs), ...rejections },
      ...(mayPass && { mayPass }),
    }
    const { key, digest } = request
    if (isRemembered(answer)) this.remember(key, answer, digest)
    const record = {
      type: 'request',
      key,
      answer,
      firstOffset,
      newestMs: finiteOrNull(newestMs),
      panes,
      lines,
    } as const
    const ofKey = key !== null && { atMs: this.answers.span.nowMs, ...(digest !== undefined && { bodyDigest: digest }) }
    return { ...record, ...ofKey }
  }

  /**
   * Makes an envelope of the oldest accepted events, at most `maxBytes` of lines (but one line at least); null when
   * none waits. A large request becomes several.
   */
  cut(maxBytes: number): { readonly record: Extract<LogRecord, { type: 'cut' }>; readonly cut: CutEnvelope } | null {
    const cut = this.uncut.cut(maxBytes, this.offset, this.horizon.closedMs)
    if (cut === null) return null
    const { lines: _, ...header } = cut.envelope
    return { record: { type: 'cut', header }, cut }
  }

  /**
   * Lets time without requests pass, in ms since the last tick (capped by the caller). Not called while requests are
   * refused.
   */
  tick(elapsedMs: number): void {
    this.horizon.tick(elapsedMs)
  }

  /** Somebody is there, although nothing could be taken: waiting starts anew. */
  touch(): void {
    this.horizon.touch()
  }

  /** The horizon to close to now, or null when no window with events would close. */
  dueHorizonMs(clockMs: number): number | null {
    return this.horizon.dueMs(clockMs)
  }

  /** Moves the horizon. The caller cuts first: an envelope lies on one side of each closing. */
  close(horizonMs: number): Extract<LogRecord, { type: 'closing' }> {
    this.assertAllCut('a closing')
    this.horizon.close(horizonMs)
    return { type: 'closing', horizonMs }
  }

  /** What a checkpoint keeps. The caller cuts everything first. */
  snapshot(): IntakeSnapshot {
    this.assertAllCut('a snapshot')
    const { closedMs, newestMs, panes } = this.horizon
    return {
      offset: this.offset,
      envelopes: this.uncut.envelopes,
      closedMs: finiteOrNull(closedMs),
      newestMs: finiteOrNull(newestMs),
      keys: this.answers.span,
      openPanes: panes.snapshot(),
    }
  }

  /** Takes up a new intake where the snapshot was made. */
  restore(snapshot: IntakeSnapshot): void {
    this.offset = snapshot.offset
    this.uncut.envelopes = snapshot.envelopes
    if (snapshot.keys !== undefined) this.answers.restore(snapshot.keys)
    for (const [key, answer, digest] of snapshot.answers ?? [])
      this.remember(key, answer, digest ?? undefined, UNKNOWN_TIME)
    this.horizon.restore(snapshot.closedMs, snapshot.newestMs, snapshot.openPanes)
  }

  /** Takes up keys of the snapshot that was restored, in their order. Throws when some are missing before them. */
  takeUpKeys(page: AnswerPage, span: KeySpan): void {
    this.answers.takeUp(page, span)
  }

  /** Goes on without keys that somebody has given up. */
  giveUpKeys(before: number): void {
    this.answers.skipTo(before)
  }

  /**
   * Applies a record of the log; a cut gives its envelope again. Throws when the record contradicts those before it.
   */
  replay(record: LogRecord): CutEnvelope | null {
    switch (record.type) {
      case 'request':
        this.replayRequest(record)
        return null
      case 'cut':
        return this.uncut.cutAgain(record.header, this.offset, this.horizon.closedMs)
      case 'closing':
        this.close(record.horizonMs)
        return null
      case 'segment':
        if (record.firstOffset !== this.offset)
          throw new Error(`a segment of the log begins at offset ${record.firstOffset}, not at ${this.offset}`)
        return null
      case 'boot':
        this.answers.begin(record.atMs)
        return null
      case 'seal':
      case 'final':
      case 'version':
        return null
    }
  }

  private replayRequest({ key, answer, bodyDigest, atMs, firstOffset, newestMs, panes, lines }: RequestRecord): void {
    if (atMs !== undefined) this.answers.pass(atMs)
    if (firstOffset !== this.offset) throw new Error(`the log has a gap at offset ${this.offset}`)
    let line = 0
    for (const [pane, count] of panes) {
      for (const end = line + count; line < end; line++) this.accept(lines[line]!, pane, null)
    }
    if (line !== lines.length)
      throw new Error(`the request at offset ${firstOffset} has ${lines.length} lines, ${line} with a pane`)
    this.horizon.advance(newestMs ?? Number.NEGATIVE_INFINITY)
    // Version 0.1.0 logged every request, and not what may pass.
    if (isRemembered(answer) || answer.rejected.some(passesLater))
      this.remember(key, answer, bodyDigest, atMs ?? UNKNOWN_TIME)
  }

  private accept(line: string, pane: number, found: Found | null): void {
    this.horizon.accept(pane)
    this.uncut.push(line, pane, found)
    this.offset += 1
  }

  private hasRoom(timestampMs: number): boolean {
    const { panes } = this.horizon
    return panes.size < this.limits.openPanes || panes.has(paneStart(this.pipeline.window, timestampMs))
  }

  private assertAllCut(what: string): void {
    const { events } = this.uncut
    if (events === 0) return
    throw new Error(`${what} needs everything before it to be cut; ${events} events before ${this.offset} are not`)
  }

  private remember(key: string | null, answer: Answer, digest?: string, atMs?: number): void {
    if (key !== null) this.answers.add(key, bounded(answer), digest ?? null, atMs)
  }
}

/** Of a request that accepted nothing and never will, no repeat has to know: garbage leaves no trace. */
export const isRemembered = ({ accepted, mayPass }: Answer): boolean => accepted > 0 || mayPass === true

function addRun(runs: [number, number][], pane: number): void {
  const last = runs.at(-1)
  if (last?.[0] === pane) last[1] += 1
  else runs.push([pane, 1])
}

const finiteOrNull = (value: number): number | null => (Number.isFinite(value) ? value : null)
