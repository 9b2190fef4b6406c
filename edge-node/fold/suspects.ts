import { join } from 'node:path'
import type { Logger } from 'pino'
import { type FoldNote, formerLives } from '../../core/protocol/fold-notes'
import { type Clock, systemClock } from '../observe/clock'
import { FoldNotesFile } from './fold-notes-file'

/** Where notes are kept: a file, or what a simulation has. */
export interface NoteKeeper {
  /** Resolves when the note is on disk. Rejects with the error of the disk. */
  append(note: FoldNote): Promise<void>
  close(): Promise<void>
}

/** What suspects are kept with. */
export interface SuspectsDependencies {
  /** What former lives noted. */
  readonly notes: readonly FoldNote[]
  /** Digests of the envelopes that this life has to fold again. */
  readonly waiting: Iterable<string>
  /** Begins this life with these notes in place of the former ones. */
  readonly begin: (notes: readonly FoldNote[]) => Promise<NoteKeeper>
  readonly clock: Pick<Clock, 'epochMs'>
  readonly logger: Logger
}

// suspects remembered, 65 bytes each: far more than fold within the seconds that a death makes suspect
const MOST = 10_000

/**
 * The envelopes that may end the process which folds them. An event does that with a promise that it leaves rejected,
 * with a timer that throws, with a loop that never ends, or with all the memory there is. After a death everything that
 * waits is noted down on disk before it is folded here; what was noted when the process died again is suspect from then
 * on, and folded apart.
 */
export class Suspects {
  private constructor(
    /** Digests. */
    private readonly known: Set<string>,
    /** Digests of those to be noted before they are folded. */
    private readonly noted: Set<string>,
    /** Null where the disk took no notes at the start: the former ones stand. */
    private readonly keeper: NoteKeeper | null,
    private readonly deps: SuspectsDependencies,
  ) {}

  static async open(deps: SuspectsDependencies): Promise<Suspects> {
    const waiting = new Set(deps.waiting)
    const { hasDied, suspects } = formerLives(deps.notes)
    const known = new Set([...suspects].filter((digest) => waiting.has(digest)).slice(0, MOST))
    const kept = [...known].map((digest) => ({ kind: 'suspect', digest }) as const)
    const keeper = await deps.begin([{ kind: 'began' }, ...kept]).catch((error) => cannotNote(deps.logger, error))
    if (hasDied && waiting.size > 0)
      deps.logger.warn(
        { envelopes: waiting.size, apart: known.size },
        'the last process ended in the midst of its work; what it left is folded with care',
      )
    return new Suspects(known, hasDied ? waiting : new Set(), keeper, deps)
  }

  /** Whether the envelope is to be folded apart. */
  has({ digest }: { readonly digest: string }): boolean {
    return this.known.has(digest)
  }

  /** The envelope is known to end processes, or was seen to. */
  add({ digest }: { readonly digest: string }): void {
    if (this.known.has(digest) || this.known.size >= MOST) return
    this.known.add(digest)
    void this.write({ kind: 'suspect', digest })
  }

  /** The envelope came back without a reason: it may have ended a function. Noted before it is folded here. */
  beware({ digest }: { readonly digest: string }): void {
    this.noted.add(digest)
  }

  /** Resolves when it is on disk that the envelope is folded here next; undefined where nobody has to know. */
  noteFold({ digest }: { readonly digest: string }): Promise<void> | undefined {
    if (!this.noted.delete(digest)) return undefined
    return this.write({ kind: 'folding', digest, atMs: this.deps.clock.epochMs() })
  }

  /** The process ends in order. */
  async close(): Promise<void> {
    await this.write({ kind: 'ended' })
    await this.keeper?.close()
  }

  /** With a disk that refuses, folding goes on: the note only saves deaths. */
  private async write(note: FoldNote): Promise<void> {
    await this.keeper?.append(note).catch((error) => cannotNote(this.deps.logger, error))
  }
}

function cannotNote(logger: Logger, error: unknown): null {
  logger.warn({ error: String(error) }, 'notes about folds cannot be written')
  return null
}

/** Those of a data folder, for the envelopes that have to be folded again. */
export async function openSuspects(
  dataDir: string,
  waiting: readonly { readonly digest: string }[],
  logger: Logger,
): Promise<Suspects> {
  const path = join(dataDir, 'fold-notes.ndjson')
  const notes = await FoldNotesFile.read(path)
  const begin = (first: readonly FoldNote[]) => FoldNotesFile.begin(path, first)
  return Suspects.open({ notes, waiting: waiting.map(({ digest }) => digest), begin, clock: systemClock, logger })
}
