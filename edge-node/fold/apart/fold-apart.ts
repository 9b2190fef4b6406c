import type { Logger } from 'pino'
import { shortReason } from '../../../core/pipeline/excerpt'
import type { Pipeline } from '../../../core/pipeline/pipeline'
import type { Envelope } from '../../../core/protocol/envelope'
import type { DeadLetter, EnvelopePartial } from '../../../core/protocol/fold'
import { decodePartial, type Partial } from '../../../core/protocol/partial'
import type { DeadLetters } from '../../dead-letters/dead-letters'
import { ApartProcess, type End } from './apart-process'
import type { SentPane } from './messages'

// beyond the time limit of `map`: that limit ends a `map` that waits, this one a `map` that computes
const SILENT_BEYOND_MS = 3_000
const FIRST_PAUSE_MS = 1_000
const MAX_PAUSE_MS = 60_000 // between tries while no process can be started

/** What folding apart needs. */
export interface FoldApartDependencies {
  readonly pipeline: Pipeline
  /** The module whose default export it is. */
  readonly module: string
  readonly deadLetters: Pick<DeadLetters, 'add' | 'of' | 'flush'>
  readonly logger: Logger
}

/** Dead letters that nobody keeps: for an event that is tried and not counted. */
export function lettersForATrial(): FoldApartDependencies['deadLetters'] {
  const letters = new Map<number, DeadLetter['code']>()
  return {
    add: (_, added) => {
      for (const { offset, code } of added) letters.set(offset, code)
    },
    of: () => letters,
    flush: async () => undefined,
  }
}

/**
 * Folds envelopes that may end the process which folds them, in a process of their own. First as a whole, since most
 * suspects are innocent; where that goes wrong event by event, and the event that would have ended the node is
 * dead-lettered with its reason. One envelope at a time.
 */
export class FoldApart {
  private process: ApartProcess | null = null
  private last: Promise<unknown> = Promise.resolve()
  private isClosed = false
  private wake = () => {}

  constructor(private readonly deps: FoldApartDependencies) {}

  /**
   * Resolves with the same partial that a fold here would have come to, less the events that kill; null when it was
   * closed meanwhile.
   */
  fold(envelope: Envelope): Promise<EnvelopePartial | null> {
    const folded = this.last.then(() => this.untilFolded(envelope))
    this.last = folded
    void folded.then(() => {
      if (this.last === folded) this.process?.end()
    })
    return folded
  }

  async close(): Promise<void> {
    this.isClosed = true
    this.process?.end()
    this.wake()
    await this.last
  }

  private async untilFolded(envelope: Envelope): Promise<EnvelopePartial | null> {
    const { pipeline, logger } = this.deps
    let isEventByEvent = false
    let pauseMs = FIRST_PAUSE_MS
    while (!this.isClosed) {
      const end = await this.attempt(envelope, isEventByEvent)
      if (this.isClosed) break
      if (end.kind === 'folded') return { panes: decoded(pipeline, end.panes), deadLetters: end.deadLetters }
      const dead = this.deps.deadLetters.of(envelope)
      const letters = isEventByEvent ? lettersOf(envelope, end).filter(({ offset }) => !dead?.has(offset)) : []
      if (letters.length > 0) {
        await this.bury(envelope, letters)
      } else if (end.kind === 'unusable' || isEventByEvent) {
        const facts = { envelope: envelope.number, reason: end.kind === 'killed' ? end.kind : end.reason }
        logger.error({ ...facts, againInMs: pauseMs }, 'an envelope cannot be folded apart now')
        await this.pause(pauseMs)
        pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)
      } else {
        const message = 'an envelope would have ended the node; it is folded event by event'
        logger.warn({ envelope: envelope.number }, message)
        this.process?.end() // what it left behind must not meet the next one
        isEventByEvent = true
      }
    }
    return null
  }

  private attempt(envelope: Envelope, isEventByEvent: boolean): Promise<End> {
    const { pipeline, module, deadLetters } = this.deps
    if (this.process?.isUsable !== true) this.process = new ApartProcess(module)
    const dead = deadLetters.of(envelope) ?? new Map()
    return this.process.fold({ envelope, dead, isEventByEvent }, pipeline.mapTimeoutMs + SILENT_BEYOND_MS)
  }

  /**
   * Dead-letters the events, on disk before the envelope is tried again: the next start does not have to find them
   * anew.
   */
  private async bury(envelope: Envelope, letters: readonly DeadLetter[]): Promise<void> {
    const { deadLetters, logger } = this.deps
    const offsets = letters.map(({ offset }) => offset)
    logger.error({ envelope: envelope.number, offsets }, 'events that would have ended the node are dead-lettered')
    deadLetters.add(envelope, letters)
    await deadLetters.flush().catch((error) => logger.warn({ error: String(error) }, 'dead letters wait for the disk'))
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

/** A letter for each event of the envelope that is to blame. */
function lettersOf({ firstOffset, count }: Envelope, end: End): DeadLetter[] {
  const killers = end.kind === 'killed' ? end.by : end.kind === 'died' ? [end] : []
  const letters = new Map<number, DeadLetter>()
  for (const { offset, reason } of killers) {
    if (offset === null || offset < firstOffset || offset >= firstOffset + count || letters.has(offset)) continue
    letters.set(offset, { offset, code: 'map_killed', reason: shortReason(reason) })
  }
  return [...letters.values()]
}

const decoded = (pipeline: Pipeline, panes: readonly SentPane[]): ReadonlyMap<number, Partial> =>
  new Map(panes.map(({ startMs, ...pane }) => [startMs, decodePartial(pipeline, pane)]))
