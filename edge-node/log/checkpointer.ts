import type { Logger } from 'pino'
import type { AnswerPage } from '../../core/protocol/answer-block'
import type { FrozenState } from '../../core/protocol/edge-state'
import type { Intake } from '../../core/protocol/intake'
import type { DeadLetterBook } from '../dead-letters/dead-letters'
import type { Clock } from '../observe/clock'
import type { FinalFiles } from '../results/final-files'
import type { Results } from '../results/results'
import { type CheckpointHead, type Checkpoints, piecesOf } from './checkpoints'
import type { KeyFiles } from './key-files'
import type { Log } from './log'

const MIN_PAUSES = 20 // copying the state takes time from ingest: a twentieth of it at most

/** What a checkpoint keeps, less where the log goes on. */
export type CheckpointContent = Omit<CheckpointHead, 'format' | 'segment'>

/** What checkpoints cost. */
export interface CheckpointCost {
  /** Time of the thread that takes events that the newest one took, in whole and at once at most. */
  readonly heldMs: number
  readonly longestHoldMs: number
  /** Size of its file. */
  readonly bytes: number
}

/** Writes checkpoints now and then. Deletes log segments that no kept checkpoint needs. */
export class Checkpointer {
  private nextAtMs: number
  private writing: Promise<void> | null = null
  private writtenAtMs: number
  private state = ''
  /** Checkpoints that could not be written. */
  failed = 0
  cost: CheckpointCost = { heldMs: 0, longestHoldMs: 0, bytes: 0 }

  /** The first key that the newest checkpoint needs; the one before it is kept, too. */
  private neededKey = 0

  constructor(
    private readonly deps: {
      readonly intake: Pick<Intake, 'keyPages'>
      readonly keys: Pick<KeyFiles, 'count' | 'append' | 'deleteBefore'>
      readonly checkpoints: Pick<Checkpoints, 'write'>
      readonly finals: Pick<FinalFiles, 'count' | 'append'>
      readonly results: Pick<Results, 'since'>
      readonly log: Log
      readonly deadLetters: Pick<DeadLetterBook, 'flush' | 'forgetBefore'>
      readonly logger: Logger
    },
    private readonly everyMs: number,
    private readonly clock: Pick<Clock, 'monotonicMs' | 'soon'>,
  ) {
    this.writtenAtMs = clock.monotonicMs()
    this.nextAtMs = this.writtenAtMs + everyMs
  }

  /** Time since the newest one was written, or since the start. */
  get ageMs(): number {
    return this.clock.monotonicMs() - this.writtenAtMs
  }

  /** Whether it is time for one, and `state` is another than at the last time: an idle node writes none. */
  isDue(state: () => string): boolean {
    if (this.writing !== null || this.clock.monotonicMs() < this.nextAtMs) return false
    const before = this.state
    this.state = state()
    return this.state !== before
  }

  /**
   * Takes the state as it is now, when everything accepted is cut and no final is on its way to the disk, and writes it
   * in the background. `neededOffset`: the log from this event on is still needed.
   */
  take(content: () => CheckpointContent, freeze: () => FrozenState, neededOffset: number): Promise<void> {
    if (this.writing !== null) return this.writing
    const hold = new Hold(this.clock)
    const head: CheckpointHead = hold.during(() => ({ format: 3, segment: this.deps.log.roll(), ...content() }))
    const frozen = hold.during(freeze)
    // Begun now: keys that pass their time before they are written are in the span that the head tells of.
    const keyPages = this.deps.intake.keyPages(this.deps.keys.count, head.intake.keys?.next ?? 0)
    this.writing = this.write(head, frozen, keyPages, hold, neededOffset).finally(() => {
      frozen.thaw()
      this.nextAtMs = this.clock.monotonicMs() + Math.max(this.everyMs, hold.wholeMs * MIN_PAUSES)
      this.writing = null
    })
    return this.writing
  }

  /** Resolves when nothing is being written. */
  async settled(): Promise<void> {
    await this.writing
  }

  // A checkpoint saves time at the next start and nothing else: without it the log says the same.
  private async write(
    head: CheckpointHead,
    frozen: FrozenState,
    keyPages: Generator<AnswerPage>,
    hold: Hold,
    neededOffset: number,
  ): Promise<void> {
    const { checkpoints, keys, log, deadLetters, logger } = this.deps
    try {
      await log.flushed()
      await deadLetters.flush()
      deadLetters.forgetBefore?.(neededOffset)
      await this.appendFinals(head.finals)
      await keys.append(this.inTurns(keyPages, hold))
      const { oldestSegment, bytes } = await checkpoints.write(head.segment, this.lines(head, frozen, hold))
      this.writtenAtMs = this.clock.monotonicMs()
      this.cost = { heldMs: hold.wholeMs, longestHoldMs: hold.longestMs, bytes }
      await log.deleteBefore(oldestSegment, neededOffset)
      await keys.deleteBefore(this.neededKey)
      this.neededKey = head.intake.keys?.first ?? 0
    } catch (error) {
      this.failed += 1
      logger.warn({ error: String(error) }, 'a checkpoint could not be written')
    }
  }

  /**
   * Brings the first `count` finals into their files. The checkpoint leaves them out, and the log before it is deleted,
   * so this comes first.
   */
  private async appendFinals(count: number): Promise<void> {
    const { finals, results } = this.deps
    while (finals.count < count) await finals.append(results.since(finals.count).filter(({ number }) => number < count))
  }

  /** The keys that are not in their files: the checkpoint leaves them out, and the log does later. */
  private async *inTurns(pages: Generator<AnswerPage>, hold: Hold): AsyncGenerator<AnswerPage> {
    for (;;) {
      await new Promise<void>((resolve) => this.clock.soon(resolve))
      const page = hold.during(() => pages.next())
      if (page.done) return
      yield page.value
    }
  }

  /** The head and the state, a piece at a time; everything else that is ready has its turn before each. */
  private async *lines(head: CheckpointHead, { pieces }: FrozenState, hold: Hold): AsyncGenerator<string> {
    for (const parts of [piecesOf(head), pieces]) {
      const left: Iterator<unknown> = parts[Symbol.iterator]()
      for (;;) {
        await new Promise<void>((resolve) => this.clock.soon(resolve))
        const line = hold.during(() => {
          const piece = left.next()
          return piece.done ? null : JSON.stringify(piece.value)
        })
        if (line === null) break
        yield line
      }
    }
  }
}

/** How long the thread was held by something that is done in parts. */
class Hold {
  wholeMs = 0
  longestMs = 0

  constructor(private readonly clock: Pick<Clock, 'monotonicMs'>) {}

  during<T>(work: () => T): T {
    const fromMs = this.clock.monotonicMs()
    const result = work()
    const tookMs = this.clock.monotonicMs() - fromMs
    this.wholeMs += tookMs
    this.longestMs = Math.max(this.longestMs, tookMs)
    return result
  }
}
