// For: requests are admitted, and what was admitted is cut into envelopes.
// In: requests as they were read.
// Out: the answer to each; records for the log; envelopes, once they are durable.

import type { EdgeState } from '../../core/protocol/edge-state'
import { type Intake, isRemembered, type ReadRequest } from '../../core/protocol/intake'
import type { Answer } from '../../core/protocol/log-record'
import { rejectedCount } from '../../core/protocol/rejections'
import type { Config } from '../config/config'
import type { Log } from '../log/log'
import type { Clock } from '../observe/clock'
import type { Appender } from './appender'
import type { Arrivals } from './arrivals'
import type { Cutter, LogStep } from './cutter'

const MIN_RETRY_AFTER_MS = 200 // a queue does not get shorter by much in less
const MAX_RETRY_AFTER_MS = 2_000 // well below the idle timeout: a client that waits to try again is not idle

/** How a request to ingest ended. */
export type Ingested =
  | { readonly kind: 'accepted'; readonly answer: Answer }
  /** Nothing was, and the same may be sent again under its key. */
  | {
      readonly kind: 'refused'
      readonly code: 'overloaded' | 'too_many_keys' | 'too_many_windows'
      readonly reason: string
      readonly retryAfterMs: number
    }
  /** Its key was answered for another body. */
  | { readonly kind: 'reused' }

type Refused = Extract<Ingested, { kind: 'refused' }>

/** Events of this process by how they were judged. */
interface Judged {
  accepted: number
  late: number
  rejected: number
}

/** What admission needs. */
export interface AdmissionDependencies {
  readonly config: Pick<Config, 'maxGroups' | 'maxOpenPanes' | 'maxAnswerBytes' | 'rememberKeysMs'>
  readonly intake: Pick<Intake, 'admit' | 'repeated' | 'touch' | 'nextOffset' | 'keyRoomInMs' | 'panes'>
  readonly state: Pick<EdgeState, 'groups'>
  readonly arrivals: Pick<Arrivals, 'accepted'>
  readonly cutter: Pick<Cutter, 'due'>
  readonly log: Pick<Log, 'appendNow' | 'flushed'>
  readonly appender: Pick<Appender, 'append'>
  /** The closing that has to follow what was accepted; null while no window has to close. */
  readonly dueClosing: () => LogStep | null
  /** The controller's word: why nothing can be taken now, or null, and how long the queue is. */
  readonly overload: { refusal(): string | null; queueDelayMs(): number }
  readonly judged: Judged
  readonly clock: Pick<Clock, 'epochMs'>
}

/** Takes requests, or says why not and when to try again. What is accepted is in the log before it is answered. */
export class Admission {
  /** Events accepted by this process: what it found in its log did not arrive now. */
  admitted = 0
  /** Requests of this process that the log has, those among them that accepted nothing too. */
  loggedRequests = 0

  constructor(private readonly deps: AdmissionDependencies) {}

  /** Somebody sends something: waiting for that begins anew, unless only closings can make room for it. */
  touch(): void {
    const { config, state, intake } = this.deps
    if (state.groups < config.maxGroups && intake.panes < config.maxOpenPanes) intake.touch()
  }

  /**
   * Admits a request, and resolves once what was accepted is on disk. `scheduledAtMs` is when the client meant to send
   * it, where it says so. Rejects with LogFailed when the log cannot be written.
   */
  async ingest(request: ReadRequest, scheduledAtMs: number | null): Promise<Ingested> {
    const { intake, log, config } = this.deps
    const repeated = intake.repeated(request)
    if (repeated === 'reused') return { kind: 'reused' }
    if (repeated !== null) {
      await log.flushed() // the first request may still be on its way to the disk
      return { kind: 'accepted', answer: repeated }
    }
    const refusal = this.refusal(request.key)
    if (refusal !== null) return refusal
    const record = intake.admit(request)
    if (record === null) return this.refused('too_many_windows', `${config.maxOpenPanes} panes are open already`)
    this.count(record.answer, scheduledAtMs)
    if (isRemembered(record.answer)) {
      this.loggedRequests += 1
      await this.deps.appender.append([record], this.deps.dueClosing() ?? this.deps.cutter.due())
    } else await log.appendNow([]) // the horizon that the answer names may still be on its way to the disk
    return { kind: 'accepted', answer: record.answer }
  }

  private count(answer: Answer, scheduledAtMs: number | null): void {
    const { arrivals, intake, judged, clock } = this.deps
    arrivals.accepted(intake.nextOffset, clock.epochMs(), scheduledAtMs)
    this.admitted += answer.accepted
    judged.accepted += answer.accepted
    judged.late += answer.late
    judged.rejected += rejectedCount(answer)
  }

  /** Why a request cannot be taken now, or null. */
  private refusal(key: string | null): Refused | null {
    const { state, intake, overload } = this.deps
    const { maxGroups, maxAnswerBytes, rememberKeysMs } = this.deps.config
    if (state.groups >= maxGroups) return this.refused('overloaded', keysHeld(maxGroups))
    const overloaded = overload.refusal()
    if (overloaded !== null) return this.refused('overloaded', overloaded)
    if (key === null || intake.keyRoomInMs === 0) return null
    const reason = `the idempotency keys of the last ${rememberKeysMs / 1_000} s fill their ${maxAnswerBytes} bytes; send more events a request, or raise maxAnswerBytes`
    return this.refused('too_many_keys', reason)
  }

  private refused(code: Refused['code'], reason: string): Refused {
    const { intake, overload } = this.deps
    const soonMs = code === 'too_many_keys' ? intake.keyRoomInMs : overload.queueDelayMs() / 10
    return { kind: 'refused', code, reason, retryAfterMs: clamp(soonMs, MIN_RETRY_AFTER_MS, MAX_RETRY_AFTER_MS) }
  }
}

const keysHeld = (maxGroups: number) =>
  `${maxGroups} keys are held already; there is room once windows close, or with a larger maxGroups`

const clamp = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value))
