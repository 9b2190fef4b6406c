import { paneStart, type WindowSpec, windowEndsOfPane } from '../pipeline/window'

/** A dead letter as far as its windows go. Infinities are null. */
export interface Buried {
  readonly timestampMs: number
  /** The closed horizon when the event was accepted. The event never counted in windows that end at or before it. */
  readonly horizonMs: number | null
  /** Ends of windows that an earlier fold had counted the event in, final before it was dead-lettered. */
  readonly countedIn: readonly number[]
}

/** What is known at the moment of a replay. */
export interface ReplayFacts {
  /** The closed horizon; -Infinity when nothing was closed yet. */
  readonly horizonMs: number
  /** The closed horizon at which the event was sent again, so that later windows have it; null when it was not. */
  readonly resentAtMs: number | null
  isFinal(endMs: number): boolean
  /** Retention took the window away: nobody can ask for it any more. */
  isGone(endMs: number): boolean
  isCorrected(endMs: number): boolean
}

/**
 * What a replay does about each window of a dead letter, and with that for the event. Windows by their ends in ms,
 * ascending.
 */
export interface ReplayPlan {
  /** Windows that still take events: the event is sent again, for all of them at once. */
  readonly resend: readonly number[]
  /** Final windows: their results stay as they are, and the event goes to the corrections. */
  readonly correct: readonly number[]
  /**
   * Closed windows that are not final: until they are, a crash may have the event folded again. Replay once more,
   * later.
   */
  readonly waiting: readonly number[]
}

/**
 * Sorts the windows of a dead letter by what is to be done; windows that have the event already are left out. So
 * whoever carries out the plan and asks again gets nothing twice. Pure.
 */
export function planReplay(spec: WindowSpec, letter: Buried, facts: ReplayFacts): ReplayPlan {
  const { resentAtMs, horizonMs } = facts
  const ends = windowEndsOfPane(spec, paneStart(spec, letter.timestampMs)).filter(
    (endMs) =>
      endMs > (letter.horizonMs ?? Number.NEGATIVE_INFINITY) &&
      !letter.countedIn.includes(endMs) &&
      (resentAtMs === null || endMs <= resentAtMs) &&
      !facts.isGone(endMs) &&
      !facts.isCorrected(endMs),
  )
  const closed = ends.filter((endMs) => endMs <= horizonMs)
  return {
    resend: ends.filter((endMs) => endMs > horizonMs),
    correct: closed.filter((endMs) => facts.isFinal(endMs)),
    waiting: closed.filter((endMs) => !facts.isFinal(endMs)),
  }
}
