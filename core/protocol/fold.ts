import { messageOf, Refusal } from '../pipeline/aggregate'
import { eventOf, type Found, keyOf, timestampMsOf } from '../pipeline/event'
import { excerpt, shortReason } from '../pipeline/excerpt'
import type { Pipeline } from '../pipeline/pipeline'
import { firstOpenWindowEnd, paneStart } from '../pipeline/window'
import type { Envelope } from './envelope'
import { addEvent, type EventHasher, eventHasher } from './hash-sum'
import { emptyPartial, type Partial, type Tally } from './partial'
import { sideBySide, type Timers, type Turn } from './side-by-side'
import type { Readings } from './uncut'

/** An event that could not be folded; the edge has its line in the log. */
export interface DeadLetter {
  readonly offset: number
  readonly code: Refusal['code']
  readonly reason: string
}

/** What one envelope comes to, per pane (by its start in ms), and the events that could not be folded. */
export interface EnvelopePartial {
  readonly panes: ReadonlyMap<number, Partial>
  readonly deadLetters: readonly DeadLetter[]
}

/** What a fold depends on besides the pipeline and the envelope. */
export interface FoldTerms {
  /** For the time limit of `map`. Without them it takes as long as it takes. */
  readonly timers?: Timers | undefined
  /**
   * Events that an earlier fold of this envelope dead-lettered, by offset, with the code. They stay dead without
   * another call of `map`: somebody may have read that they are, and replayed them.
   */
  readonly dead?: ReadonlyMap<number, Refusal['code']> | undefined
  /** Where in the user's files an error of `map` was thrown, such as `pipelines/clicks.ts:12`; null where none says. */
  readonly placeOf?: ((error: unknown) => string | null) | undefined
  /** What was read of the lines before: what it has is not read again. */
  readonly readings?: Readings | undefined
  /**
   * Is told how many events were done since the last call: folded, dead-lettered or skipped. Each event is told once,
   * before the fold ends.
   */
  readonly onProgress?: ((events: number) => void) | undefined
  /**
   * Asked before each event; `waited` says whether the fold has waited since the last call. Returns a promise when
   * others should have the thread first.
   */
  readonly pause?: ((waited: boolean) => PromiseLike<void> | undefined) | undefined
}

/** A group that an event goes to, with one value for each column. */
interface Contribution {
  readonly key: string
  readonly values: readonly unknown[]
}

/**
 * Folds the events of an envelope into partial accumulators per pane and key. The one place where events become
 * results: the edge and the functions both call it. Rejects only for a bug; an event that cannot be folded is a dead
 * letter.
 */
export async function foldEnvelope(
  pipeline: Pipeline,
  envelope: Envelope,
  terms: FoldTerms = {},
): Promise<EnvelopePartial> {
  const fold = new Fold(pipeline, envelope, terms)
  const tasks = {
    count: envelope.lines.length,
    concurrency: pipeline.map === undefined ? 1 : pipeline.mapConcurrency,
    begin: (index: number, turn: Turn) => fold.line(index, turn),
    limitMs: pipeline.mapTimeoutMs,
    expired: (index: number) => fold.expired(index),
    onProgress: terms.onProgress,
    pause: terms.pause,
  }
  await sideBySide(tasks, terms.timers)
  return fold.result()
}

class Fold {
  private readonly hasher: EventHasher
  private readonly panes = new Map<number, Partial>()
  private readonly deadLetters: DeadLetter[] = []

  constructor(
    private readonly pipeline: Pipeline,
    private readonly envelope: Envelope,
    private readonly terms: FoldTerms,
  ) {
    this.hasher = eventHasher(envelope.incarnation)
  }

  /**
   * Folds one line; returns a promise only where `map` did, since awaiting each event would cost more than folding it.
   */
  line(index: number, turn: Turn): PromiseLike<void> | undefined {
    const { pipeline, envelope } = this
    const found = this.terms.readings?.found[index]
    if (found != null) return this.addFound(index, found)
    const { event, timestampMs, pane } = this.read(index)
    if (firstOpenWindowEnd(pipeline.window, pane, envelope.horizonMs) === null) return undefined
    const offset = envelope.firstOffset + index
    const code = this.terms.dead?.get(offset)
    if (code !== undefined) return this.bury(pane, offset, new Refusal(code, 'it was dead-lettered before'))
    if (pipeline.map === undefined) return this.add(pane, offset, event)
    const mapped = this.mapped(event, timestampMs)
    if (mapped instanceof Refusal) return this.bury(pane, offset, mapped)
    if (!(mapped instanceof Promise)) return this.add(pane, offset, mapped)
    return mapped.then(
      (value) => (turn.isOver ? undefined : this.add(pane, offset, value)),
      (error) => (turn.isOver ? undefined : this.bury(pane, offset, this.mapFailure(error))),
    )
  }

  /** The same for a line that was read before. */
  private addFound(index: number, { key, values }: Found): undefined {
    const { pipeline, envelope } = this
    const pane = this.terms.readings!.panes[index]!
    if (firstOpenWindowEnd(pipeline.window, pane, envelope.horizonMs) === null) return undefined
    const offset = envelope.firstOffset + index
    const code = this.terms.dead?.get(offset)
    if (code !== undefined) return this.bury(pane, offset, new Refusal(code, 'it was dead-lettered before'))
    const { groups, folded } = this.partial(pane)
    groups.add(groups.get(key) ?? groups.rowOf(key), values)
    this.count(folded, offset)
  }

  /** The `map` of this line hangs. */
  expired(index: number): void {
    const reason = `map gave no answer within ${this.pipeline.mapTimeoutMs} ms`
    this.bury(this.read(index).pane, this.envelope.firstOffset + index, new Refusal('map_timeout', reason))
  }

  result(): EnvelopePartial {
    return { panes: this.panes, deadLetters: this.deadLetters.sort((a, b) => a.offset - b.offset) }
  }

  private read(index: number) {
    const event = eventOf(this.pipeline, this.envelope.lines[index]!)
    const timestampMs = timestampMsOf(this.pipeline, event)
    return { event, timestampMs, pane: paneStart(this.pipeline.window, timestampMs) }
  }

  /** What `map` makes of the event, a promise of it, or why it made nothing. */
  private mapped(event: unknown, timestampMs: number): unknown {
    try {
      const mapped = this.pipeline.map?.(event, { timestampMs })
      return isThenable(mapped) ? Promise.resolve(mapped) : mapped
    } catch (error) {
      return this.mapFailure(error)
    }
  }

  private mapFailure(error: unknown): Refusal {
    const place = this.terms.placeOf?.(error) ?? null
    return new Refusal('map_failed', `map failed${place === null ? '' : ` at ${place}`}: ${messageOf(error)}`)
  }

  private add(paneStartMs: number, offset: number, mapped: unknown): undefined {
    const contributions = contributionsOf(this.pipeline, mapped)
    if (contributions instanceof Refusal) return this.bury(paneStartMs, offset, contributions)
    const { groups, folded } = this.partial(paneStartMs)
    for (const { key, values } of contributions) {
      // A key may be a part of a long field. As a view it would keep that field alive for as long as its group is held.
      groups.add(groups.get(key) ?? groups.rowOf(excerpt(key, key.length)), values)
    }
    this.count(folded, offset)
  }

  private bury(paneStartMs: number, offset: number, refusal: Refusal): undefined {
    this.count(this.partial(paneStartMs).dead, offset)
    this.deadLetters.push({ offset, code: refusal.code, reason: shortReason(refusal.reason) })
  }

  private count(tally: Tally, offset: number): void {
    tally.count += 1
    addEvent(tally.sum, this.hasher, offset)
  }

  private partial(paneStartMs: number): Partial {
    let partial = this.panes.get(paneStartMs)
    if (partial === undefined) {
      partial = emptyPartial(this.pipeline)
      this.panes.set(paneStartMs, partial)
    }
    return partial
  }
}

/**
 * Reads everything before anything is added, so that an event counts in each aggregate of each of its groups, or in
 * none.
 */
function contributionsOf(pipeline: Pipeline, mapped: unknown): Contribution[] | Refusal {
  if (mapped === undefined) return []
  const contributions: Contribution[] = []
  try {
    for (const event of Array.isArray(mapped) ? mapped : [mapped]) {
      const contribution = contributionOf(pipeline, event)
      if (contribution instanceof Refusal) return contribution
      contributions.push(contribution)
    }
    return contributions
  } catch (error) {
    return new Refusal('map_failed', `what map returned cannot be read: ${messageOf(error)}`) // a getter of its own
  }
}

function contributionOf(pipeline: Pipeline, event: unknown): Contribution | Refusal {
  const key = keyOf(pipeline, event)
  if (key instanceof Refusal) return key
  const values: unknown[] = []
  for (const [, aggregate] of pipeline.columns) {
    const value = aggregate.read(event)
    if (value instanceof Refusal) return value
    values.push(value)
  }
  return { key, values }
}

/** Not `instanceof Promise`: a query builder or a promise of another realm is waited for as well. */
const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function'
