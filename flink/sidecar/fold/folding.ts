import type { Logger } from 'pino'
import type { Refusal } from '../../../core/pipeline/aggregate'
import type { Pipeline } from '../../../core/pipeline/pipeline'
import type { Envelope } from '../../../core/protocol/envelope'
import { type DeadLetter, type EnvelopePartial, foldEnvelope } from '../../../core/protocol/fold'
import { FoldApart, type FoldApartDependencies } from '../../../edge-node/fold/apart/fold-apart'
import type { FoldOne } from '../../../edge-node/fold/workers'
import { packPanes } from '../windows'
import type { FoldedHere } from './fold-orders'
import { FoldProcess } from './fold-process'

/** How envelopes are folded at this place. */
export interface Folding {
  readonly fold: FoldOne<FoldedHere>
  /** Folds what may end the process that folds it; null when it was closed meanwhile. */
  readonly foldApart: (envelope: Envelope) => Promise<EnvelopePartial | null>
  /** Resolves when folds are no slower than they will be. */
  readonly ready: Promise<void>
  readonly close: () => void
}

/**
 * Folds a pipeline with a `map` in a process of its own: what a `map` does must not end, or hold, what all subtasks of a
 * TaskManager depend on. A pipeline without one runs no code per event that could, and is folded here, which saves the
 * way to another process.
 */
export function foldingOf(pipeline: Pipeline, module: string, logger: Logger): Folding {
  const letters = new ApartLetters()
  const apart = new FoldApart({ pipeline, module, logger, deadLetters: letters })
  const foldApart = async (envelope: Envelope) => letters.toldIn(envelope, await apart.fold(envelope))
  if (pipeline.map === undefined) {
    return { fold: foldsInside(pipeline), foldApart, ready: Promise.resolve(), close: () => void apart.close() }
  }
  const process = new FoldProcess(module, logger)
  const close = () => {
    process.close()
    void apart.close()
  }
  return { fold: (envelope, terms) => process.fold(envelope, terms), foldApart, ready: process.ready, close }
}

/** Folds in this thread. */
export const foldsInside =
  (pipeline: Pipeline): FoldOne<FoldedHere> =>
  async (envelope, terms) => {
    const { panes, deadLetters } = await foldEnvelope(pipeline, envelope, terms)
    return { kind: 'folded', panes: packPanes(pipeline, panes), deadLetters }
  }

/** What was found to be deadly in envelopes that are folded apart, until they are folded; by the digest. */
class ApartLetters implements Pick<FoldApartDependencies['deadLetters'], 'add' | 'of' | 'flush'> {
  private readonly letters = new Map<string, Map<number, DeadLetter>>()

  add({ digest }: Envelope, added: readonly DeadLetter[]): void {
    const letters = this.letters.get(digest) ?? new Map<number, DeadLetter>()
    this.letters.set(digest, letters)
    for (const letter of added) letters.set(letter.offset, letter)
  }

  of({ digest }: Pick<Envelope, 'digest'>): ReadonlyMap<number, Refusal['code']> {
    return new Map([...(this.letters.get(digest) ?? [])].map(([offset, { code }]) => [offset, code]))
  }

  async flush(): Promise<void> {} // the job keeps them, with the envelope

  /** The partial with the reasons as they were found: a later try only knows that an event is dead. */
  toldIn({ digest }: Envelope, partial: EnvelopePartial | null): EnvelopePartial | null {
    const found = this.letters.get(digest)
    this.letters.delete(digest)
    if (partial === null || found === undefined) return partial
    return { ...partial, deadLetters: partial.deadLetters.map((letter) => found.get(letter.offset) ?? letter) }
  }
}
