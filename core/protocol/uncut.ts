import type { Found } from '../pipeline/event'
import { digestInput, type Envelope, type EnvelopeHeader } from './envelope'
import { addEvent, type EventHasher, eventHasher } from './hash-sum'
import { type Tally, zeroTally } from './partial'

/** What all envelopes of a log have in common. */
export type EnvelopeOrigin = Pick<EnvelopeHeader, 'pipeline' | 'version' | 'incarnation'>

/** An envelope with what each pane accepted: the edge's knowledge for the ledger. */
export interface AccountedEnvelope {
  readonly envelope: Envelope
  readonly panes: ReadonlyMap<number, Tally>
  /** Length of the lines, newlines included. */
  readonly bytes: number
}

/** An envelope as it was cut. */
export interface CutEnvelope extends AccountedEnvelope {
  /** What ingest found in them; null after a start, when nobody has read them. */
  readonly readings: Readings | null
}

/** What was read of the lines of an envelope, one entry a line: its pane, and what folding it needs where it is known. */
export interface Readings {
  readonly panes: readonly number[]
  readonly found: readonly (Found | null)[]
}

/** Events accepted and not yet cut, oldest first: their lines, and the pane of each. Envelopes are made of them. */
export class Uncut {
  /** How many envelopes were cut: the number of the next one. */
  envelopes = 0
  private readonly lines: string[] = []
  private readonly panes: number[] = []
  private readonly found: (Found | null)[] = []
  private total = 0
  private readonly hasher: EventHasher

  constructor(
    private readonly origin: EnvelopeOrigin,
    private readonly digestOf: (lines: readonly string[]) => string,
  ) {
    this.hasher = eventHasher(origin.incarnation)
  }

  get events(): number {
    return this.lines.length
  }

  get bytes(): number {
    return this.total
  }

  push(line: string, pane: number, found: Found | null): void {
    this.lines.push(line)
    this.panes.push(pane)
    this.found.push(found)
    this.total += lineBytes(line)
  }

  /**
   * Makes an envelope of the oldest events, at most `maxBytes` of lines (but one line at least); null when none waits.
   * `nextOffset` is that of the next event to be accepted, `horizonMs` up to where windows are closed.
   */
  cut(maxBytes: number, nextOffset: number, horizonMs: number): CutEnvelope | null {
    const count = this.countWithin(maxBytes)
    if (count === 0) return null
    const place = { number: this.envelopes, firstOffset: nextOffset - this.events, count, horizonMs }
    const { pipeline, version, incarnation } = this.origin
    const header = { pipeline, version, incarnation, ...place }
    return this.take({ ...header, digest: this.digestOf(digestInput(header, this.lines.slice(0, count))) })
  }

  /** Makes the envelope of a record of the log again. Throws when the record contradicts those before it. */
  cutAgain(header: EnvelopeHeader, nextOffset: number, horizonMs: number): CutEnvelope {
    const isNext = header.number === this.envelopes && header.firstOffset === nextOffset - this.events
    if (!isNext || header.count > this.events || header.horizonMs !== horizonMs) {
      throw new Error(`cut ${header.number} does not fit the records before it in the log`)
    }
    const cut = this.take(header)
    if (this.digestOf(digestInput(header, cut.envelope.lines)) !== header.digest)
      throw new Error(`the lines of envelope ${header.number} have changed`)
    return cut
  }

  /** How many of the oldest fit `maxBytes`; one at least, unless there is none. */
  private countWithin(maxBytes: number): number {
    let count = 0
    for (let bytes = 0; count < this.lines.length; count++) {
      bytes += lineBytes(this.lines[count]!)
      if (bytes > maxBytes && count > 0) break
    }
    return count
  }

  private take(header: EnvelopeHeader): CutEnvelope {
    const lines = this.lines.splice(0, header.count)
    const bytes = lines.reduce((sum, line) => sum + lineBytes(line), 0)
    this.total -= bytes
    this.envelopes += 1
    const panes = this.panes.splice(0, header.count)
    const found = this.found.splice(0, header.count)
    const tallies = this.talliesOf(panes, header.firstOffset)
    const readings = found.some((reading) => reading !== null) ? { panes, found } : null
    return { envelope: { ...header, lines }, panes: tallies, bytes, readings }
  }

  /** Neighbours are mostly of one pane, so its tally is looked for once. */
  private talliesOf(panes: readonly number[], firstOffset: number): Map<number, Tally> {
    const tallies = new Map<number, Tally>()
    let last = Number.NaN
    let tally = zeroTally()
    for (let index = 0; index < panes.length; index++) {
      const pane = panes[index]!
      if (pane !== last) {
        tally = tallies.get(pane) ?? zeroTally()
        tallies.set(pane, tally)
        last = pane
      }
      tally.count += 1
      addEvent(tally.sum, this.hasher, firstOffset + index)
    }
    return tallies
  }
}

/** Length with its newline; UTF-16 units stand for bytes, exact for ASCII and near enough for limits. */
const lineBytes = (line: string): number => line.length + 1
