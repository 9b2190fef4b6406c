import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { GroupTooLarge } from '../../cloud/chunks'
import { type FunctionInvoker, InvokeFailed, isRefusal } from '../../cloud/functions'
import type { Origin } from '../../cloud/keys'
import { digestOf } from '../../cloud/packing'
import type { PartialStore } from '../../cloud/partial-store'
import { type Candidate, digestOfRows, type ResultStore } from '../../cloud/result-store'
import type { Pipeline } from '../../core/pipeline/pipeline'
import type { EdgeState } from '../../core/protocol/edge-state'
import type { FoldTerms } from '../../core/protocol/fold'
import { mergeWindow, type WindowResult } from '../../core/protocol/merge'
import { decodeTally } from '../../core/protocol/partial'
import type { Account, Manifest, MergeAnswer, RunOrder } from '../../core/protocol/protocol'
import type { Clock } from '../observe/clock'
import type { EnvelopeEvents } from '../observe/envelope-events'
import { MergedRuns } from './merged-runs'

const MAX_RETRY_MS = 10_000 // a window that waits for the cloud asks again at least this often
const FIRST_RETRY_MS = 100
const MAX_FAILURES = 8 // about 20 s of asking: throttles and crashes have passed by then, bugs and sizes have not
const MAX_MISSING = 4 // a second of asking: the partials are gone and not late, since their heads were seen

/**
 * A call merges so many envelopes at most. One of a thousand events takes 4 ms here (`spillway bench merge`), and one
 * with the largest head that there is some five times as much, on a function with half a processor twice as long: that
 * is 40 s of the 60 s that the function has. The list takes 75 kB of the 6 MB that Lambda takes as a request.
 */
export const RUN_ENVELOPES = 1_000
/**
 * A call joins so many partials of runs at most. Each has all groups of its run, with the sketches of all its events.
 * One of 1,000 groups took 0.36 s in a single run under a profiler, which would be 20 s of the 60 s on half a
 * processor. No benchmark prints that yet, so there is room on both sides.
 */
export const RUN_PARTS = 25
const RUNS_AT_ONCE = 4 // an account may have no more than ten functions at work, and the burst needs some of them

/** What merging needs of the cloud. */
export interface MergeCloud {
  readonly partials: PartialStore
  readonly results: ResultStore
  readonly merge: Pick<FunctionInvoker, 'invoke'>
  /** Envelopes that one call merges, where it is not the usual number. */
  readonly runEnvelopes?: number
  /** Partials of runs that one call joins, where it is not the usual number; two at least. */
  readonly runParts?: number
}

/** What merging needs. */
export interface MergerDependencies {
  readonly pipeline: Pipeline
  readonly from: Origin
  /** Counts the starts of the node: no attempt of this process has the name of another's. */
  readonly bootEpoch: number
  readonly state: Pick<EdgeState, 'window'>
  readonly cloud: MergeCloud
  readonly events: Pick<EnvelopeEvents, 'merged'>
  readonly logger: Logger
  readonly clock: Pick<Clock, 'after'>
  readonly deadOf?: DeadOf
}

/**
 * Digest over the envelopes of the accepted set in order of number, wherever each was counted, and over the events of
 * theirs that were dead-lettered: where `map` changed its mind between two folds, a candidate of the first one does not
 * fit any more.
 */
export function acceptedDigest({ edge, burst }: Account, deadOf: DeadOf = () => undefined): string {
  const envelopes = [...edge, ...burst].sort(([a], [b]) => a - b)
  return digestOf(envelopes.map(([number, digest]) => [number, digest, ...offsetsOf(deadOf({ digest }))].join(' ')))
}

/** What was dead-lettered of an envelope, by offset. */
export type DeadOf = (envelope: { readonly digest: string }) => FoldTerms['dead']

const offsetsOf = (dead: FoldTerms['dead']): number[] => [...(dead?.keys() ?? [])].sort((a, b) => a - b)

/** What a complete window came to. `recall`: the cloud will not give these envelopes, so the edge has to fold them. */
export type Merged =
  | { readonly kind: 'result'; readonly result: WindowResult }
  | { readonly kind: 'recall'; readonly envelopes: ReadonlySet<number>; readonly reason: string }
  | { readonly kind: 'stopped' }

/** Some envelopes on the manifest were not found; reads are consistent, so asking again seldom helps. */
interface Missing {
  readonly kind: 'missing'
  readonly envelopes: ReadonlySet<number>
}

/** Turns complete windows into results: at the edge alone where nothing burst, else through the merge function. */
export class Merger {
  private attempts = 0
  private stopped = false
  private readonly pauses = new Set<() => void>()

  constructor(private readonly deps: MergerDependencies) {}

  stop(): void {
    this.stopped = true
    for (const end of this.pauses) end()
  }

  /** What a complete window comes to. With the cloud away it keeps trying: a delay, never a wrong result. */
  async result(account: Account): Promise<Merged> {
    if (account.burst.length === 0) return { kind: 'result', result: this.atEdge(account) }
    let [missing, failures] = [0, 0]
    const { runEnvelopes = RUN_ENVELOPES, runParts = RUN_PARTS } = this.deps.cloud
    const runs = new MergedRuns(account.burst, runEnvelopes, runParts)
    let merged = runs.count
    for (let retryMs = FIRST_RETRY_MS; !this.stopped; retryMs = Math.min(retryMs * 2, MAX_RETRY_MS)) {
      try {
        const outcome = await this.inCloud(account, runs)
        if (outcome.kind !== 'missing') return outcome
        missing += 1
        if (missing >= MAX_MISSING) return recallMissing(account, outcome)
      } catch (error) {
        if (error instanceof GroupTooLarge) return recallAll(account, error.message)
        if (isRefused(error)) return recallAll(account, `the cloud refuses the merge: ${error}`)
        if (runs.count > merged) failures = 0 // a long window has many calls, and some of them may fail in its time
        merged = Math.max(merged, runs.count)
        if (!isAway(error)) failures += 1
        if (failures >= MAX_FAILURES) return recallAll(account, `merging fails again and again: ${error}`)
        this.warn(account, error)
      }
      if (!this.stopped) await this.pause(retryMs)
    }
    return { kind: 'stopped' }
  }

  /** Tells readers in the cloud that a window is final; the log says so already, so a failure is only logged. */
  async markFinal(endMs: number): Promise<void> {
    try {
      await this.deps.cloud.results.markFinal(this.deps.from, endMs)
    } catch (error) {
      this.deps.logger.warn({ windowEndMs: endMs, error: String(error) }, 'a candidate could not be flagged as final')
    }
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        cancel()
        this.pauses.delete(end)
        resolve()
      }
      const cancel = this.deps.clock.after(ms, end)
      this.pauses.add(end)
    })
  }

  private atEdge(account: Account): WindowResult {
    const parts = [this.deps.state.window(account.endMs)]
    const result = mergeWindow(this.deps.pipeline, this.window(account), decodeTally(account.accepted), parts, [])
    if ('rows' in result) return result
    throw new Error(`window ${account.endMs} does not balance at the edge: ${JSON.stringify(result)}`)
  }

  private async inCloud(account: Account, runs: MergedRuns): Promise<Merged | Missing> {
    const digest = acceptedDigest(account, this.deps.deadOf)
    const unmerged = await this.mergeRuns(account, runs)
    if (unmerged !== null) return unmerged
    const answer = await this.ask(await this.manifest(account, digest, runs))
    switch (answer.status) {
      case 'merged':
        return this.adopt(account, digest)
      case 'missing':
        runs.forget() // a part of one may be what is missing
        return { kind: 'missing', envelopes: new Set(answer.envelopes) }
      case 'unbalanced':
        return recallAll(account, `the merge does not balance: ${answer.found} of ${answer.expected}`)
      case 'refused':
        return recallAll(account, answer.reason)
      case 'folded':
        throw new Error('a manifest was answered as a run')
    }
  }

  /** Has the runs merged that are not yet, some at once; what keeps one of them from it, or null. */
  private async mergeRuns(account: Account, runs: MergedRuns): Promise<Merged | Missing | null> {
    for (let some = runs.next(RUNS_AT_ONCE); some.length > 0; some = runs.next(RUNS_AT_ONCE)) {
      // All are waited for: what one of them merged is kept where another fails, and no call runs on beside those of
      // the next try.
      const calls = await Promise.allSettled(
        some.map((run) => this.ask({ ...this.deps.from, ...this.window(account), ...runs.workOf(run) })),
      )
      const answers = calls.map((call) => (call.status === 'fulfilled' ? call.value : null))
      for (const [index, answer] of answers.entries())
        if (answer?.status === 'folded') runs.merged(some[index]!, answer.ref)
      const unmerged = whatKeeps(account, answers, runs)
      if (unmerged !== null) return unmerged
      for (const call of calls) if (call.status === 'rejected') throw call.reason
    }
    return null
  }

  private async ask(request: Manifest | RunOrder): Promise<MergeAnswer> {
    const answer = (await this.deps.cloud.merge.invoke(request)) as MergeAnswer
    this.deps.events.merged(answer.work)
    return answer
  }

  private async manifest(account: Account, digest: string, runs: MergedRuns): Promise<Manifest> {
    const { accepted, edge } = account
    const attempt = `edge/${this.deps.bootEpoch}.${this.attempts++}-${randomUUID().slice(0, 8)}`
    const partial = this.deps.state.window(account.endMs)
    const ref =
      edge.length === 0
        ? null
        : await this.deps.cloud.partials.putPart(this.deps.pipeline, this.deps.from, account.endMs, attempt, partial)
    return { ...this.deps.from, ...this.window(account), accepted, acceptedDigest: digest, edge: ref, ...runs.burst }
  }

  /** Takes the standing candidate, when it was made of exactly what this window accepted. */
  private async adopt(account: Account, digest: string): Promise<Merged> {
    const candidate = await this.deps.cloud.results.candidate(this.deps.from, account.endMs)
    if (candidate === null) throw new Error('the candidate is missing')
    if (!fits(candidate, this.deps.from.version, digest, account)) {
      return recallAll(account, 'a candidate of another accepted set stands in the cloud')
    }
    const rows = await this.deps.cloud.results.rows(this.deps.from, account.endMs, candidate)
    if (rows === null) throw new Error('a part of the candidate is missing')
    // Somebody else wrote these chunks, so they are checked against the digest of what was merged.
    if (digestOfRows(rows) !== candidate.rowsDigest)
      return recallAll(account, 'the rows of the candidate are not those that were merged')
    return { kind: 'result', result: { ...candidate.result, rows } }
  }

  private warn({ endMs }: Account, error: unknown): void {
    this.deps.logger.warn({ windowEndMs: endMs, error: String(error) }, 'a window cannot be merged yet; trying again')
  }

  private window({ endMs }: Account) {
    return { startMs: endMs - this.deps.pipeline.window.sizeMs, endMs }
  }
}

/**
 * A refusal or something missing among the answers to runs, or null. A part that is missing is merged anew, with all
 * others.
 */
function whatKeeps(
  account: Account,
  answers: readonly (MergeAnswer | null)[],
  runs: MergedRuns,
): Merged | Missing | null {
  const missing = new Set<number>()
  let isMissing = false
  for (const answer of answers) {
    if (answer?.status === 'refused') return recallAll(account, answer.reason)
    if (answer?.status !== 'missing') continue
    isMissing = true
    for (const envelope of answer.envelopes) missing.add(envelope)
    if (answer.edge) runs.forget()
  }
  return isMissing ? { kind: 'missing', envelopes: missing } : null
}

/**
 * Takes back the missing envelopes. Where only a partial made of them is missing, all come back: taking back none would
 * change nothing.
 */
function recallMissing(account: Account, { envelopes }: Missing): Merged {
  const reason = 'their partials are gone'
  return envelopes.size === 0 ? recallAll(account, reason) : { kind: 'recall', envelopes, reason }
}

/** Asking again with the same input gets the same answer. */
const isRefused = (error: unknown) => (error instanceof InvokeFailed ? error.code === 'refused' : isRefusal(error))

/**
 * Whether the merge function was not reached or had no room, which passes. A failure inside it would come again with
 * the same input.
 */
const isAway = (error: unknown) => error instanceof InvokeFailed && error.code !== 'function_error'

/** The edge does without the cloud: everything of the window that was counted there comes back. */
function recallAll({ burst }: Account, reason: string): Merged {
  return { kind: 'recall', envelopes: new Set(burst.map(([number]) => number)), reason }
}

function fits(candidate: Candidate, version: string, digest: string, account: Account): boolean {
  const [count, sum] = candidate.result.accepted
  return (
    candidate.version === version &&
    candidate.acceptedDigest === digest &&
    count === account.accepted[0] &&
    sum === account.accepted[1]
  )
}
