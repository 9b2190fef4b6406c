import type { Manifest, PartialRef, RunOrder } from '../../core/protocol/protocol'

type Work = Pick<RunOrder, 'run' | 'parts'>

/**
 * The burst of a window in runs, where it is too long for one call. Each run is merged into a partial, and the manifest
 * names the partials. Where those are too many for one call they are merged in runs as well, until there are few
 * enough. What is merged stays merged when the window is tried again.
 */
export class MergedRuns {
  /** What is merged now: all of it stems from what was merged before. */
  private level: readonly Work[]
  /** By the place in the level. */
  private readonly refs = new Map<number, PartialRef>()
  private ended = 0

  constructor(
    private readonly envelopes: Manifest['burst'],
    private readonly runEnvelopes: number,
    /** Partials that one call joins; at least two, or there would never be fewer. */
    private readonly runParts: number,
  ) {
    this.level = this.ofEnvelopes()
  }

  /** Places of some that are to be merged. */
  next(most: number): number[] {
    while (this.isMerged && this.level.length > this.runParts) this.rise()
    return [...this.level.keys()].filter((place) => !this.refs.has(place)).slice(0, most)
  }

  workOf(place: number): Work {
    return this.level[place]!
  }

  merged(place: number, ref: PartialRef): void {
    this.refs.set(place, ref)
    this.ended += 1
  }

  /** How many calls have merged a run so far, on all levels; it starts again where all are merged anew. */
  get count(): number {
    return this.ended
  }

  /** All are merged anew. */
  forget(): void {
    this.ended = 0
    this.refs.clear()
    this.level = this.ofEnvelopes()
  }

  /** The part of the manifest that says what was counted in the burst. */
  get burst(): Pick<Manifest, 'burst' | 'runs'> {
    if (this.level.length === 0) return { burst: this.envelopes }
    return { burst: [], runs: this.inOrder() }
  }

  private get isMerged(): boolean {
    return this.refs.size === this.level.length
  }

  private inOrder(): PartialRef[] {
    return [...this.level.keys()].flatMap((place) => this.refs.get(place) ?? [])
  }

  private ofEnvelopes(): Work[] {
    if (this.envelopes.length <= this.runEnvelopes) return [] // the manifest takes them as they are
    return cut(this.envelopes, this.runEnvelopes).map((run) => ({ run }))
  }

  private rise(): void {
    this.level = cut(this.inOrder(), this.runParts).map((parts) => ({ run: [], parts }))
    this.refs.clear()
  }
}

function cut<T>(list: readonly T[], length: number): (readonly T[])[] {
  return Array.from({ length: Math.ceil(list.length / length) }, (_, n) => list.slice(n * length, (n + 1) * length))
}
