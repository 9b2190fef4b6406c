import type { Logger } from 'pino'
import type { Replays } from '../dead-letters/replays'
import type { Clock } from '../observe/clock'
import type { FinalFiles } from '../results/final-files'
import type { Results } from '../results/results'
import { expired, type RetentionLimits } from '../results/retention'

const EVERY_MS = 60_000 // a minute more or less is nothing to days, and a look costs nothing

/** What retention works on. */
export interface RetainerDependencies {
  readonly results: Pick<Results, 'kept' | 'take' | 'takenBeforeMs'>
  readonly finals: Pick<FinalFiles, 'count' | 'take' | 'deleteTaken'>
  readonly deadLetters: { deleteBefore(limits: RetentionLimits, nowMs: number, neededOffset: number): Promise<void> }
  readonly replays: Pick<Replays, 'deleteBefore'>
  /**
   * The end of the first window that is not final, and the first event that may be folded again; Infinity when there is
   * none.
   */
  readonly needed: () => { readonly endMs: number; readonly offset: number }
  readonly logger: Logger
}

/** Takes away what is older than the retention, or more. */
export class Retainer {
  private cancel = () => {}
  private working: Promise<void> = Promise.resolve()
  /** Times when the disk refused. */
  failed = 0

  constructor(
    private readonly deps: RetainerDependencies,
    readonly limits: RetentionLimits,
    private readonly clock: Clock,
    private readonly everyMs = EVERY_MS,
  ) {}

  start(): void {
    this.cancel = this.clock.after(this.everyMs, () => {
      this.working = this.look().finally(() => this.start())
    })
  }

  async stop(): Promise<void> {
    this.cancel()
    await this.working
    this.cancel() // the next one
  }

  /** Takes away what is over the limits now. While the disk refuses it stays, and the next look tries again. */
  async look(): Promise<void> {
    const { deadLetters, replays, results, needed, logger } = this.deps
    try {
      while (await this.takeSome()) await new Promise<void>((resolve) => this.clock.soon(resolve))
      await deadLetters.deleteBefore(this.limits, this.clock.epochMs(), needed().offset)
      await replays.deleteBefore(this.limits, this.clock.epochMs(), results.takenBeforeMs)
    } catch (error) {
      this.failed += 1
      logger.warn({ error: String(error) }, 'what is past its retention could not be removed')
    }
  }

  /**
   * False when there was nothing to take. The note is written first: after a crash it shows that the windows were taken
   * on purpose.
   */
  private async takeSome(): Promise<boolean> {
    const { results, finals, needed } = this.deps
    const found = expired(results.kept, this.limits, this.clock.epochMs(), needed().endMs)
    if (found === null) return false
    const before = Math.min(found.before, finals.count) // the records of the others are in the log alone
    if (before <= results.kept.first) return false
    const toMs = Math.max(found.toMs, results.takenBeforeMs)
    await finals.take({ before, toMs })
    await results.take(before, toMs)()
    await finals.deleteTaken()
    return true
  }
}
