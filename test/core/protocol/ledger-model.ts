import type { Place } from '../../../core/protocol/ledger'
import { addTally, encodeTally, zeroTally } from '../../../core/protocol/partial'
import type { Account } from '../../../core/protocol/protocol'
import type { CutEnvelope } from '../../../core/protocol/uncut'

interface Modelled {
  readonly made: CutEnvelope
  readonly ends: readonly number[]
  place: Place
  reclaimAtMs: number
  deadLettered: number
}

/** The ledger as one would write it without thinking of speed: a list of envelopes, searched for each question. */
export class LedgerModel {
  readonly envelopes: Modelled[] = []
  readonly final = new Set<number>()
  readonly finalizing = new Set<number>()
  horizonMs = Number.NEGATIVE_INFINITY
  /** Envelopes ever recalled. */
  recalls = 0

  /** Ends of all windows that are not final. */
  ends(): number[] {
    const all = new Set(this.envelopes.flatMap(({ ends }) => ends))
    return [...all].filter((endMs) => !this.final.has(endMs)).sort((a, b) => a - b)
  }

  /** An envelope is known until all its windows are final. */
  known(number: number): Modelled | undefined {
    const found = this.envelopes[number]
    return found?.ends.some((endMs) => !this.final.has(endMs)) ? found : undefined
  }

  at(place: Place): Modelled[] {
    return this.envelopes.filter((each, number) => each.place === place && this.known(number) !== undefined)
  }

  phaseOf(endMs: number) {
    if (!this.ends().includes(endMs)) return undefined
    if (this.finalizing.has(endMs)) return 'finalizing'
    return endMs <= this.horizonMs ? 'closing' : 'open'
  }

  /** Closed windows whose envelopes have all been counted, in order, with the places of their envelopes. */
  takeComplete(): Account[] {
    const complete = this.ends().filter(
      (endMs) => this.phaseOf(endMs) === 'closing' && this.of(endMs).every(({ place }) => isCounted(place)),
    )
    for (const endMs of complete) this.finalizing.add(endMs)
    return complete.map((endMs) => this.account(endMs))
  }

  tally() {
    const phases = this.ends().map((endMs) => this.phaseOf(endMs))
    const inPhase = (phase: string) => phases.filter((each) => each === phase).length
    const bursting = this.at('bursting')
    return {
      open: inPhase('open'),
      closing: inPhase('closing'),
      finalizing: inPhase('finalizing'),
      inFlight: bursting.length,
      inFlightEvents: bursting.reduce((events, { made }) => events + made.envelope.count, 0),
      inFlightBytes: bursting.reduce((bytes, { made }) => bytes + made.bytes, 0),
    }
  }

  /** The windows' envelopes that were counted in the burst go back to the edge, and the window waits again. */
  recall(endMs: number, wanted: (number: number) => boolean): Modelled[] {
    this.finalizing.delete(endMs)
    const recalled = this.of(endMs).filter(({ place, made }) => place === 'burst' && wanted(made.envelope.number))
    for (const each of recalled) each.place = 'queued'
    this.recalls += recalled.length
    return recalled
  }

  /** What a checkpoint and a restart do: nothing is in flight any more, and every closed window waits to be taken. */
  restart(): void {
    for (const each of this.at('bursting')) each.place = 'queued'
    this.finalizing.clear()
  }

  private of(endMs: number): Modelled[] {
    return this.envelopes.filter(({ ends }) => ends.includes(endMs))
  }

  private account(endMs: number): Account {
    const accepted = zeroTally()
    for (const { made } of this.of(endMs)) {
      for (const [pane, tally] of made.panes) if (pane < endMs && pane + 20 >= endMs) addTally(accepted, tally)
    }
    const listed = (place: Place) =>
      this.of(endMs)
        .filter((each) => each.place === place)
        .map(({ made: { envelope } }) => [envelope.number, envelope.digest] as const)
    return { endMs, accepted: encodeTally(accepted), edge: listed('edge'), burst: listed('burst') }
  }
}

export const isCounted = (place: Place): boolean => place === 'edge' || place === 'burst'
