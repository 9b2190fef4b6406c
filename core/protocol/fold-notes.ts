/**
 * What a process notes down about its folds, so that the next one knows what it died of. `began` and `ended` frame an
 * orderly life; `folding` stands before a fold that follows a death; a `suspect` may end the process that folds it, and
 * is folded apart.
 */
export type FoldNote =
  | { readonly kind: 'began' }
  | { readonly kind: 'folding'; readonly digest: string; readonly atMs: number }
  | { readonly kind: 'suspect'; readonly digest: string }
  | { readonly kind: 'ended' }

/** What the notes tell of the lives before. */
export interface FormerLives {
  /** The last one did not end in order. */
  readonly hasDied: boolean
  /** Digests of the envelopes that may have ended it, and of those that had ended one before. */
  readonly suspects: ReadonlySet<string>
}

/**
 * A timer that `map` left behind may end the process during a later fold. So every envelope that was begun within this
 * time before the last note is suspect. Folding an innocent one apart costs time; missing the guilty one costs another
 * death.
 */
const RECENT_MS = 10_000

/** Pure: what the notes of a folder come to; none at all is a first start. */
export function formerLives(notes: readonly FoldNote[]): FormerLives {
  const hasDied = notes.length > 0 && notes.at(-1)?.kind !== 'ended'
  const suspects = new Set<string>()
  const lastMs = Math.max(...notes.map((note) => (note.kind === 'folding' ? note.atMs : Number.NEGATIVE_INFINITY)))
  for (const note of notes) {
    if (note.kind === 'suspect') suspects.add(note.digest)
    if (note.kind === 'folding' && hasDied && note.atMs >= lastMs - RECENT_MS) suspects.add(note.digest)
  }
  return { hasDied, suspects }
}
