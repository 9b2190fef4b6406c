import type { Logger } from 'pino'
import type { Checkpoint, Checkpoints } from './checkpoints'
import type { DeadLetterBook } from './dead-letters'
import type { Log } from './log'

const MIN_PAUSES = 20 // a checkpoint stops the node while its state is copied: for at most a twentieth of the time

/** What a checkpoint keeps, less where the log goes on. */
export type CheckpointContent = Omit<Checkpoint, 'format' | 'segment'>

/** Writes checkpoints now and then, and lets go of the log that they make superfluous. */
export class Checkpointer {
  private nextAtMs: number
  private writing: Promise<void> | null = null
  private writtenAtMs: number
  private state = ''
  /** Checkpoints that could not be written. */
  failed = 0

  constructor(
    private readonly deps: {
      readonly checkpoints: Pick<Checkpoints, 'write'>
      readonly log: Log
      readonly deadLetters: Pick<DeadLetterBook, 'flush' | 'forgetBefore'>
      readonly logger: Logger
    },
    private readonly everyMs: number,
    private readonly monotonicMs: () => number,
  ) {
    this.writtenAtMs = monotonicMs()
    this.nextAtMs = this.writtenAtMs + everyMs
  }

  /** Time since the newest one was written, or since the start. */
  get ageMs(): number {
    return this.monotonicMs() - this.writtenAtMs
  }

  /** Whether it is time for one, and `state` is another than at the last time: an idle node writes none. */
  isDue(state: () => string): boolean {
    if (this.writing !== null || this.monotonicMs() < this.nextAtMs) return false
    const before = this.state
    this.state = state()
    return this.state !== before
  }

  /**
   * Takes the state as it is now, when everything accepted is cut and no final is on its way to the disk, and writes it in the background.
   * `neededOffset`: the log from this event on is still needed.
   */
  take(content: () => CheckpointContent, neededOffset: number): Promise<void> {
    const startMs = this.monotonicMs()
    const segment = this.deps.log.roll()
    const checkpoint: Checkpoint = { format: 1, segment, ...content() }
    const tookMs = this.monotonicMs() - startMs
    this.writing ??= this.write(checkpoint, neededOffset).finally(() => {
      this.nextAtMs = this.monotonicMs() + Math.max(this.everyMs, tookMs * MIN_PAUSES)
      this.writing = null
    })
    return this.writing
  }

  /** Resolves when nothing is being written. */
  async settled(): Promise<void> {
    await this.writing
  }

  // A checkpoint saves time at the next start and nothing else: without it the log says the same.
  private async write(checkpoint: Checkpoint, neededOffset: number): Promise<void> {
    const { checkpoints, log, deadLetters, logger } = this.deps
    try {
      await log.flushed()
      await deadLetters.flush()
      deadLetters.forgetBefore?.(neededOffset)
      const oldestSegment = await checkpoints.write(checkpoint)
      this.writtenAtMs = this.monotonicMs()
      await log.deleteBefore(oldestSegment, neededOffset)
    } catch (error) {
      this.failed += 1
      logger.warn({ error: String(error) }, 'a checkpoint could not be written')
    }
  }
}
