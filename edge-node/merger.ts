import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import type { FunctionInvoker } from '../cloud/functions'
import type { Origin } from '../cloud/keys'
import { digestOf } from '../cloud/packing'
import type { PartialStore } from '../cloud/partial-store'
import type { Candidate, ResultStore } from '../cloud/result-store'
import type { EdgeState } from '../core/edge-state'
import type { Account, Manifest } from '../core/ledger'
import { mergeWindow, type WindowResult } from '../core/merge'
import type { MergeAnswer, MergeWork } from '../core/merge-answer'
import { decodeTally } from '../core/partial'
import type { Pipeline } from '../core/pipeline'
import { type Clock, systemClock } from './clock'

const MAX_RETRY_MS = 10_000 // a window that waits for the cloud asks again at least this often
const FIRST_RETRY_MS = 100

/** What merging needs of the cloud. */
export interface MergeCloud {
  readonly partials: PartialStore
  readonly results: ResultStore
  readonly merge: Pick<FunctionInvoker, 'invoke'>
  readonly onMerged: (work: MergeWork) => void
}

/** Digest over the envelopes of the accepted set in order of number, wherever each was counted. */
export function acceptedDigest({ edge, burst }: Account): string {
  const envelopes = [...edge, ...burst].sort(([a], [b]) => a - b)
  return digestOf(envelopes.map(([number, digest]) => `${number} ${digest}`))
}

/** Turns complete windows into results: at the edge alone where nothing burst, else through the merge function. */
export class Merger {
  private attempts = 0
  private stopped = false
  private readonly pauses = new Set<() => void>()

  constructor(
    private readonly pipeline: Pipeline,
    private readonly from: Origin,
    private readonly bootEpoch: number,
    private readonly state: EdgeState,
    private readonly cloud: MergeCloud,
    private readonly logger: Logger,
    private readonly clock: Clock = systemClock,
  ) {}

  stop(): void {
    this.stopped = true
    for (const end of this.pauses) end()
  }

  /** The result of a complete window; null when stopped before there was one. With the cloud away it keeps trying: a delay, never a wrong result. */
  async result(account: Account): Promise<WindowResult | null> {
    if (account.burst.length === 0) return this.atEdge(account)
    for (let retryMs = FIRST_RETRY_MS; !this.stopped; retryMs = Math.min(retryMs * 2, MAX_RETRY_MS)) {
      try {
        return await this.inCloud(account)
      } catch (error) {
        this.logger.warn(
          { windowEndMs: account.endMs, error: String(error) },
          'a window cannot be merged yet; trying again',
        )
        if (!this.stopped) await this.pause(retryMs)
      }
    }
    return null
  }

  /** Tells readers in the cloud that a window is final; the log says so already, so a failure is only logged. */
  async markFinal(endMs: number): Promise<void> {
    try {
      await this.cloud.results.markFinal(this.from, endMs)
    } catch (error) {
      this.logger.warn({ windowEndMs: endMs, error: String(error) }, 'a candidate could not be flagged as final')
    }
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        cancel()
        this.pauses.delete(end)
        resolve()
      }
      const cancel = this.clock.after(ms, end)
      this.pauses.add(end)
    })
  }

  private atEdge(account: Account): WindowResult {
    const parts = [this.state.window(account.endMs)]
    const result = mergeWindow(this.pipeline, this.window(account), decodeTally(account.accepted), parts, [])
    if ('rows' in result) return result
    throw new Error(`window ${account.endMs} does not balance at the edge: ${JSON.stringify(result)}`)
  }

  private async inCloud(account: Account): Promise<WindowResult> {
    const digest = acceptedDigest(account)
    const answer = (await this.cloud.merge.invoke(await this.manifest(account, digest))) as MergeAnswer
    this.cloud.onMerged(answer.work)
    if (answer.status !== 'merged')
      throw new Error(`the merge function answered ${JSON.stringify(answer).slice(0, 300)}`)
    return this.adopt(account, digest)
  }

  private async manifest(account: Account, digest: string): Promise<Manifest> {
    const { accepted, burst, edge } = account
    const attempt = `edge/${this.bootEpoch}.${this.attempts++}-${randomUUID().slice(0, 8)}`
    const partial = this.state.window(account.endMs)
    const ref =
      edge.length === 0
        ? null
        : await this.cloud.partials.putEdge(this.pipeline, this.from, account.endMs, attempt, partial)
    return { ...this.from, ...this.window(account), accepted, acceptedDigest: digest, edge: ref, burst }
  }

  /** Takes the standing candidate, when it was made of exactly what this window accepted. */
  private async adopt(account: Account, digest: string): Promise<WindowResult> {
    const candidate = await this.cloud.results.candidate(this.from, account.endMs)
    if (candidate === null) throw new Error('the candidate is missing')
    if (!fits(candidate, this.from.version, digest, account))
      throw new Error('the standing candidate is of another accepted set')
    const rows = await this.cloud.results.rows(this.from, account.endMs, candidate)
    if (rows === null) throw new Error('a part of the candidate is missing')
    return { ...candidate.result, rows }
  }

  private window({ endMs }: Account) {
    return { startMs: endMs - this.pipeline.window.sizeMs, endMs }
  }
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
