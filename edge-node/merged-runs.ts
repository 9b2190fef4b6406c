import type { Manifest, PartialRef } from '../core/ledger'

/**
 * The burst of a window, cut into runs where it is too long for one call: each run is merged into a partial, and the manifest names those. What is
 * merged stays so when the window is tried again.
 */
export class MergedRuns {
  /** By the place of the first envelope; null where it is not merged yet. */
  private readonly refs = new Map<number, PartialRef | null>()

  constructor(
    private readonly envelopes: Manifest['burst'],
    private readonly runEnvelopes: number,
  ) {
    if (envelopes.length <= runEnvelopes) return // the manifest takes them as they are
    for (let first = 0; first < envelopes.length; first += runEnvelopes) this.refs.set(first, null)
  }

  /** Some that are to be merged. */
  next(most: number): number[] {
    return [...this.refs].flatMap(([first, ref]) => (ref === null ? [first] : [])).slice(0, most)
  }

  envelopesOf(first: number): Manifest['burst'] {
    return this.envelopes.slice(first, first + this.runEnvelopes)
  }

  merged(first: number, ref: PartialRef): void {
    this.refs.set(first, ref)
  }

  /** All are merged anew. */
  forget(): void {
    for (const first of this.refs.keys()) this.refs.set(first, null)
  }

  /** The part of the manifest that says what was counted in the burst. */
  get burst(): Pick<Manifest, 'burst' | 'runs'> {
    if (this.refs.size === 0) return { burst: this.envelopes }
    return { burst: [], runs: [...this.refs.values()].filter((ref) => ref !== null) }
  }
}
