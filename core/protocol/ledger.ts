import type { WindowSpec } from '../pipeline/window'
import type { Envelope, EnvelopeHeader } from './envelope'
import {
  LedgerWindows,
  type Phase,
  type UnfinishedEntry,
  type WindowEntry,
  type WindowSnapshot,
} from './ledger-windows'
import { encodeTally } from './partial'
import type { Account } from './protocol'
import type { AccountedEnvelope } from './uncut'

/**
 * Where an envelope is. `queued`: at the edge, not counted. `bursting`: sent, no head seen. `edge`, `burst`: counted
 * there. Two ways lead back to `queued`: a reclaim from `bursting`, and a recall from `burst` while a window is not
 * final.
 */
export type Place = 'queued' | 'bursting' | 'edge' | 'burst'

interface Entry {
  readonly header: EnvelopeHeader
  readonly bytes: number
  /** Ends of the windows that it counts in and that are not final. */
  readonly windows: Set<number>
  place: Place
  /** Kept until the envelope is counted: a reclaim folds it at the edge. */
  envelope: Envelope | null
  reclaimAtMs: number
  /** Events that its head dead-lettered. */
  deadLettered: number
}

/** An envelope that was counted in the burst and is not any more. */
export interface Recalled {
  readonly header: EnvelopeHeader
  readonly deadLettered: number
}

/** The ledger as a checkpoint keeps it. */
export interface LedgerSnapshot {
  readonly windows: readonly WindowSnapshot[]
  readonly entries: readonly {
    readonly header: Omit<EnvelopeHeader, 'horizonMs'> & { readonly horizonMs: number | null }
    readonly bytes: number
    readonly windows: readonly number[]
    readonly place: Exclude<Place, 'bursting'>
    readonly deadLettered: number
  }[]
}

/**
 * Which envelopes there are, which windows each touches, and where it was counted. It has no clock; it only keeps the
 * deadlines that it is given.
 */
export class Ledger {
  private readonly entries = new Map<number, Entry>()
  private readonly windows: LedgerWindows
  private readonly bursting = new Set<number>()
  private inFlightEvents = 0
  private inFlightBytes = 0
  private lineBytes = 0

  constructor(spec: WindowSpec) {
    this.windows = new LedgerWindows(spec)
  }

  /** Bytes of the lines of queued envelopes that are kept, less those that are still in the log only. */
  get queuedBytes(): number {
    return this.lineBytes - this.inFlightBytes
  }

  /**
   * Enters an envelope as `queued`. It counts in the windows of its panes that end after its horizon. Without its lines
   * it has to be attached before it is worked on.
   */
  enter(cut: AccountedEnvelope, withLines = true): void {
    const { envelope, bytes } = cut
    const windows = this.windows.enter(cut)
    const { lines: _, ...header } = envelope
    this.entries.set(header.number, {
      header,
      bytes,
      windows,
      place: 'queued',
      envelope: withLines ? envelope : null,
      reclaimAtMs: 0,
      deadLettered: 0,
    })
    if (withLines) this.lineBytes += bytes
  }

  /** Marks a queued envelope as sent; false when it is no longer queued. */
  send(number: number, reclaimAtMs: number): boolean {
    const entry = this.entries.get(number)
    if (entry?.place !== 'queued') return false
    entry.place = 'bursting'
    entry.reclaimAtMs = reclaimAtMs
    this.bursting.add(number)
    this.inFlightEvents += entry.header.count
    this.inFlightBytes += entry.bytes
    return true
  }

  /** Counts a queued envelope at the edge. Throws when it is elsewhere: its events would count twice. */
  countEdge(number: number): void {
    this.count(number, 'queued', 'edge')
  }

  /** Counts a sent envelope in the burst; null when it was reclaimed in the meantime, so that its head is an orphan. */
  countBurst(number: number, deadLettered = 0): Envelope | null {
    const entry = this.entries.get(number)
    if (entry?.place !== 'bursting') return null
    const { envelope } = entry
    entry.deadLettered = deadLettered
    this.count(number, 'bursting', 'burst')
    return envelope
  }

  /** Takes a sent envelope back to be folded at the edge; null when it is not in flight any more. */
  reclaim(number: number): Envelope | null {
    const entry = this.entries.get(number)
    if (entry?.place !== 'bursting') return null
    entry.place = 'queued'
    this.landed(entry)
    return entry.envelope
  }

  /**
   * Takes back those burst envelopes of a window that are in `numbers`, because the cloud cannot give what the manifest
   * lists. The window waits for them again. Returns their headers, and how many events each dead-lettered. Their lines
   * are in the log: `attach` them before they are folded.
   */
  recall(endMs: number, numbers: ReadonlySet<number>): Recalled[] {
    const window = this.windows.get(endMs)
    if (window === undefined) return []
    window.phase = 'closing'
    const recalled: Recalled[] = []
    for (const number of window.envelopes) {
      const entry = this.entries.get(number)!
      if (!numbers.has(number) || entry.place !== 'burst') continue
      this.takeBack(entry)
      recalled.push({ header: entry.header, deadLettered: entry.deadLettered })
    }
    return recalled
  }

  /**
   * Takes back burst envelopes that a restored ledger wrongly counts; `isStale` gets how many events the cloud
   * dead-lettered.
   */
  takeBackStale(isStale: (header: EnvelopeHeader, deadLettered: number) => boolean): void {
    for (const entry of this.entries.values()) {
      if (entry.place === 'burst' && isStale(entry.header, entry.deadLettered)) this.takeBack(entry)
    }
  }

  /**
   * Whether some window of the envelope is being finalized. That window uses the fold that stood before a recall by
   * another window.
   */
  isFinalizing(number: number): boolean {
    const windows = this.entries.get(number)?.windows ?? []
    return [...windows].some((endMs) => this.windows.get(endMs)?.phase === 'finalizing')
  }

  /** Gives a queued envelope its lines back; false when it does not wait for any, or not any more. */
  attach(envelope: Envelope): boolean {
    const entry = this.entries.get(envelope.number)
    if (entry?.place !== 'queued' || entry.envelope !== null) return false
    entry.envelope = envelope
    this.lineBytes += entry.bytes
    return true
  }

  /** Sent envelopes without a head, with the digest that their head must have. */
  inFlight(): { readonly number: number; readonly digest: string; readonly reclaimAtMs: number }[] {
    return [...this.bursting].map((number) => {
      const { header, reclaimAtMs } = this.entries.get(number)!
      return { number, digest: header.digest, reclaimAtMs }
    })
  }

  /** Windows that end at or before the horizon take no more events. Returns the ends of those that this closes. */
  close(horizonMs: number): number[] {
    return this.windows.close(horizonMs)
  }

  /** Takes the closed windows whose envelopes are all counted, earliest first, and marks them as finalizing. */
  takeComplete(): Account[] {
    return this.windows.takeComplete().map((window) => this.account(window))
  }

  /** Lets a final window go, and with it the envelopes that touch no other. */
  finalize(endMs: number): void {
    for (const number of this.windows.finalize(endMs).envelopes) {
      const entry = this.entries.get(number)!
      entry.windows.delete(endMs)
      if (entry.windows.size > 0) continue
      this.drop(entry)
      this.entries.delete(number)
    }
  }

  /** Envelopes that nobody works on, in order: what a restart has to route again. */
  queued(): Envelope[] {
    return [...this.entries.values()].flatMap(({ place, envelope }) =>
      place === 'queued' && envelope ? [envelope] : [],
    )
  }

  /** Queued envelopes whose lines are still in the log only. */
  unattached(): EnvelopeHeader[] {
    return [...this.entries.values()].flatMap(({ place, envelope, header }) =>
      place === 'queued' && envelope === null ? [header] : [],
    )
  }

  /**
   * Where the envelope with this event is, and its lines where they are in memory; undefined when its windows are
   * final, or it was never cut.
   */
  find(offset: number): { readonly place: Place; readonly envelope: Envelope | null } | undefined {
    for (const { header, place, envelope } of this.entries.values()) {
      if (offset >= header.firstOffset && offset < header.firstOffset + header.count) return { place, envelope }
    }
    return undefined
  }

  /** Bytes of an envelope's lines, whether they are kept or not; 0 when the envelope is gone. */
  bytesOf(number: number): number {
    return this.entries.get(number)?.bytes ?? 0
  }

  /**
   * Offset from which on the log is still needed: the first event of an envelope with a window that is not final.
   * Infinity when there is none.
   */
  neededOffset(): number {
    let offset = Number.POSITIVE_INFINITY
    for (const { header } of this.entries.values()) offset = Math.min(offset, header.firstOffset)
    return offset
  }

  /** What a checkpoint keeps. Envelopes in flight are kept as queued: they are routed again. */
  snapshot(): LedgerSnapshot {
    return {
      windows: this.windows.snapshot(),
      entries: [...this.entries.values()].map(({ header, bytes, windows, place, deadLettered }) => ({
        header: { ...header, horizonMs: Number.isFinite(header.horizonMs) ? header.horizonMs : null },
        bytes,
        windows: [...windows],
        place: place === 'bursting' ? 'queued' : place,
        deadLettered,
      })),
    }
  }

  /** Takes up a new ledger where the snapshot was made; `unattached` says whose lines have to be read. */
  restore({ windows, entries }: LedgerSnapshot): void {
    this.windows.restore(windows)
    for (const { header, bytes, windows: ends, place, deadLettered } of entries) {
      const horizonMs = header.horizonMs ?? Number.NEGATIVE_INFINITY
      const fresh = { bytes, windows: new Set(ends), place, envelope: null, reclaimAtMs: 0, deadLettered }
      this.entries.set(header.number, { header: { ...header, horizonMs }, ...fresh })
      for (const endMs of ends) this.windows.get(endMs)!.envelopes.add(header.number)
      if (place === 'queued') this.windows.uncounted(ends)
    }
  }

  /**
   * Events of the windows that are not final by where they were counted; dead letters of the edge are among its own.
   */
  counted(): { readonly edge: number; readonly burst: number; readonly deadLettered: number } {
    const events = { edge: 0, burst: 0, deadLettered: 0 }
    for (const { place, header, deadLettered } of this.entries.values()) {
      if (place === 'edge') events.edge += header.count
      if (place === 'burst') events.burst += header.count - deadLettered
      if (place === 'burst') events.deadLettered += deadLettered
    }
    return events
  }

  /** The phase of a window; undefined once it is final or before its first envelope. */
  phaseOf(endMs: number): Phase | undefined {
    return this.windows.get(endMs)?.phase
  }

  /** The windows that are not final. */
  unfinished(): UnfinishedEntry[] {
    return this.windows.unfinished()
  }

  /** How many windows are in each phase, and how many envelopes are sent but without a head. */
  tally(): Readonly<Record<Phase, number>> & {
    readonly inFlight: number
    readonly inFlightEvents: number
    readonly inFlightBytes: number
  } {
    const { inFlightEvents, inFlightBytes } = this
    return { ...this.windows.tally(), inFlight: this.bursting.size, inFlightEvents, inFlightBytes }
  }

  private takeBack(entry: Entry): void {
    entry.place = 'queued'
    this.windows.uncounted(entry.windows)
  }

  private count(number: number, from: Place, to: 'edge' | 'burst'): void {
    const entry = this.entries.get(number)
    if (entry?.place !== from) throw new Error(`envelope ${number} is ${entry?.place ?? 'gone'}, not ${from}`)
    entry.place = to
    this.drop(entry)
    if (from === 'bursting') this.landed(entry)
    this.windows.counted(entry.windows)
  }

  /** Lets its lines go, where it has them. */
  private drop(entry: Entry): void {
    if (entry.envelope !== null) this.lineBytes -= entry.bytes
    entry.envelope = null
  }

  /** It is not in flight any more. */
  private landed({ header, bytes }: Entry): void {
    this.bursting.delete(header.number)
    this.inFlightEvents -= header.count
    this.inFlightBytes -= bytes
  }

  private account(window: WindowEntry): Account {
    const entries = [...window.envelopes].sort((a, b) => a - b).map((number) => this.entries.get(number)!)
    const at = (place: Place) =>
      entries.filter((e) => e.place === place).map(({ header }) => [header.number, header.digest] as const)
    return { endMs: window.endMs, accepted: encodeTally(window.accepted), edge: at('edge'), burst: at('burst') }
  }
}
