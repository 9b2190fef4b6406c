import { type WindowSpec, windowEndsOfPane } from '../pipeline/window'
import { addTally, decodeTally, type EncodedTally, encodeTally, type Tally, zeroTally } from './partial'
import type { AccountedEnvelope } from './uncut'

/**
 * `open` takes events; `closing` waits for its envelopes; `finalizing` has them all; `final` windows leave the ledger.
 */
export type Phase = 'open' | 'closing' | 'finalizing'

/** A window that is not final. */
export interface WindowEntry {
  readonly endMs: number
  readonly accepted: Tally
  /** Numbers of the envelopes that count in it. */
  readonly envelopes: Set<number>
  /** Envelopes that are not counted anywhere yet. */
  waiting: number
  phase: Phase
}

/** End, accepted events, and whether the window takes no more: as a checkpoint keeps it. */
export type WindowSnapshot = readonly [endMs: number, accepted: EncodedTally, isClosed: boolean]

/** A window that is not final: accepted events so far, and envelopes that are counted nowhere yet. */
export interface UnfinishedEntry {
  readonly endMs: number
  readonly phase: Phase
  readonly accepted: number
  readonly waiting: number
}

/** The windows that are not final, and in which phase each is. */
export class LedgerWindows {
  private readonly byEnd = new Map<number, WindowEntry>()

  constructor(private readonly spec: WindowSpec) {}

  get(endMs: number): WindowEntry | undefined {
    return this.byEnd.get(endMs)
  }

  /**
   * Enters an envelope into those windows of its panes that end after its horizon; they now wait for it. Returns their
   * ends.
   */
  enter({ envelope, panes }: AccountedEnvelope): Set<number> {
    const ends = new Set<number>()
    for (const [pane, tally] of panes) {
      for (const endMs of windowEndsOfPane(this.spec, pane)) {
        if (endMs <= envelope.horizonMs) continue
        const window = this.taking(endMs)
        addTally(window.accepted, tally)
        if (!ends.has(endMs)) window.waiting += 1
        window.envelopes.add(envelope.number)
        ends.add(endMs)
      }
    }
    return ends
  }

  /** An envelope that counts in these windows was counted. */
  counted(ends: Iterable<number>): void {
    for (const endMs of ends) this.byEnd.get(endMs)!.waiting -= 1
  }

  /** An envelope that counts in these windows is counted no more: they wait for it again. */
  uncounted(ends: Iterable<number>): void {
    for (const endMs of ends) this.byEnd.get(endMs)!.waiting += 1
  }

  /** Windows that end at or before the horizon take no more events. Returns the ends of those that this closes. */
  close(horizonMs: number): number[] {
    const closing = [...this.byEnd.values()].filter(({ endMs, phase }) => phase === 'open' && endMs <= horizonMs)
    for (const window of closing) window.phase = 'closing'
    return closing.map(({ endMs }) => endMs)
  }

  /** Takes the closed windows that wait for no envelope, earliest first, and marks them as finalizing. */
  takeComplete(): WindowEntry[] {
    const complete = [...this.byEnd.values()].filter(({ phase, waiting }) => phase === 'closing' && waiting === 0)
    for (const window of complete) window.phase = 'finalizing'
    return complete.sort((a, b) => a.endMs - b.endMs)
  }

  /** Lets a final window go. */
  finalize(endMs: number): WindowEntry {
    const window = this.byEnd.get(endMs)
    if (window === undefined) throw new Error(`no window ends at ${endMs}`)
    this.byEnd.delete(endMs)
    return window
  }

  unfinished(): UnfinishedEntry[] {
    const windows = [...this.byEnd.values()]
    return windows.map(({ endMs, phase, accepted, waiting }) => ({ endMs, phase, accepted: accepted.count, waiting }))
  }

  /** How many windows are in each phase. */
  tally(): Record<Phase, number> {
    const phases: Record<Phase, number> = { open: 0, closing: 0, finalizing: 0 }
    for (const { phase } of this.byEnd.values()) phases[phase] += 1
    return phases
  }

  snapshot(): WindowSnapshot[] {
    const windows = [...this.byEnd.values()]
    return windows.map(({ endMs, accepted, phase }) => [endMs, encodeTally(accepted), phase !== 'open'])
  }

  /** Takes up new windows where the snapshot was made, before their envelopes are entered again. */
  restore(windows: readonly WindowSnapshot[]): void {
    for (const [endMs, accepted, isClosed] of windows) {
      const phase = isClosed ? 'closing' : 'open'
      this.byEnd.set(endMs, { endMs, accepted: decodeTally(accepted), envelopes: new Set(), waiting: 0, phase })
    }
  }

  private taking(endMs: number): WindowEntry {
    let window = this.byEnd.get(endMs)
    if (window === undefined) {
      window = { endMs, accepted: zeroTally(), envelopes: new Set(), waiting: 0, phase: 'open' }
      this.byEnd.set(endMs, window)
    }
    if (window.phase !== 'open') throw new Error(`window ${endMs} is closed and cannot take an envelope`)
    return window
  }
}
