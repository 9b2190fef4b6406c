import type { ReadLine, Rejection } from '../pipeline/event'

/**
 * Rejections that an answer lists: it is logged, and remembered with its key, so garbage must not make it large. The
 * rest are counted.
 */
export const MAX_LISTED = 100

/** A line that was not accepted, by its number in the request from 1. */
export type RejectedLine = { readonly line: number } & Rejection

/** What was rejected of a request. */
export interface Rejections {
  /** The first ones by line. */
  readonly rejected: readonly RejectedLine[]
  /** How many more there are than `rejected` lists; absent when there are none. */
  readonly moreRejected?: number
}

/** Gathers the rejections of a request in memory that does not grow with them. */
export class RejectionList {
  private readonly first: RejectedLine[] = []
  private count = 0
  /** Whether one of them may be accepted when it is sent again as it is. */
  mayPass = false

  add(rejected: RejectedLine): void {
    this.count += 1
    this.mayPass ||= passesLater(rejected)
    if (this.first.length < MAX_LISTED) this.first.push(rejected)
  }

  get rejections(): Rejections {
    return listed(this.first, this.count)
  }
}

/**
 * Whether a line may be accepted when it is sent again as it is: once windows have closed, or the clock has gone on.
 */
export const passesLater = ({ code }: Rejection): boolean =>
  code === 'too_many_windows' || code === 'timestamp_in_future'

/** The rejections of a request that were found in two steps, as one list. */
export function joinRejections(a: Rejections, b: Rejections): Rejections {
  const both = [...a.rejected, ...b.rejected].sort((x, y) => x.line - y.line)
  return listed(both, rejectedCount(a) + rejectedCount(b))
}

/** How many lines were rejected, listed or not. */
export const rejectedCount = ({ rejected, moreRejected = 0 }: Rejections): number => rejected.length + moreRejected

/**
 * Whether every line of a request was rejected. Late events do not count as rejected: they were judged by their time,
 * as they had to be, and are counted as late.
 */
export const isAllRejected = (answer: Rejections & { readonly accepted: number; readonly late: number }): boolean =>
  answer.accepted + answer.late === 0 && answer.rejected.length > 0

function listed(rejected: readonly RejectedLine[], count: number): Rejections {
  const first = rejected.slice(0, MAX_LISTED)
  return count > first.length ? { rejected: first, moreRejected: count - first.length } : { rejected: first }
}

/** An answer of version 0.1.0 may list as many rejections as a request has lines. */
export const bounded = <Answer extends Rejections>(answer: Answer): Answer =>
  answer.rejected.length <= MAX_LISTED ? answer : { ...answer, ...listed(answer.rejected, rejectedCount(answer)) }

/** An event that would open another pane is rejected while as many as may be are open. */
export function tooManyWindows(read: ReadLine, openPanes: number): RejectedLine {
  const reason = `${openPanes} panes are open already; the event at ${read.timestampMs} would open another; send it under another key when windows have closed`
  return { line: read.number, code: 'too_many_windows', reason }
}
