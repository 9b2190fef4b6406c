import { expect } from '@jest/globals'
import fc from 'fast-check'
import { sliding } from '../../../core/pipeline/window'
import { Ledger, type Place } from '../../../core/protocol/ledger'
import { addTally, encodeTally, type Tally, zeroTally } from '../../../core/protocol/partial'
import type { Account } from '../../../core/protocol/protocol'
import type { AccountedEnvelope } from '../../../core/protocol/uncut'
import { envelopeOf } from './folded'

const newLedger = () => new Ledger(sliding(20, 10))

/** The ledger under test and what it should be like. */
export class Pair {
  ledger = newLedger()
  readonly model = new LedgerModel()

  run(operations: readonly Operation[]): this {
    for (const [name, die] of operations) OPERATIONS[name](this, die)
    return this
  }
}

/** What can be asked of a ledger, done to the model as well; `die` picks the envelope, the window or the panes. */
const OPERATIONS = {
  enter,
  send: ({ ledger, model }: Pair, die: number) => {
    const { number, entry } = pick(model, 'queued', die)
    expect(ledger.send(number, die)).toBe(entry?.place === 'queued')
    if (entry?.place === 'queued') Object.assign(entry, { place: 'bursting', reclaimAtMs: die })
  },
  countEdge: ({ ledger, model }: Pair, die: number) => {
    const { number, entry } = pick(model, 'queued', die)
    const place = entry?.place ?? 'gone'
    if (entry === undefined || place !== 'queued') {
      expect(() => ledger.countEdge(number)).toThrow(`envelope ${number} is ${place}, not queued`)
      return
    }
    ledger.countEdge(number)
    entry.place = 'edge'
  },
  countBurst: ({ ledger, model }: Pair, die: number) => {
    const { number, entry } = pick(model, 'bursting', die)
    expect(ledger.countBurst(number, die)).toBe(entry?.place === 'bursting' ? entry.made.envelope : null)
    if (entry?.place === 'bursting') Object.assign(entry, { place: 'burst', deadLettered: die })
  },
  reclaim: ({ ledger, model }: Pair, die: number) => {
    const { number, entry } = pick(model, 'bursting', die)
    expect(ledger.reclaim(number)).toBe(entry?.place === 'bursting' ? entry.made.envelope : null)
    if (entry?.place === 'bursting') entry.place = 'queued'
  },
  close: ({ ledger, model }: Pair, die: number) => {
    const open = model.ends().filter((endMs) => model.phaseOf(endMs) === 'open')
    model.horizonMs = Math.max(0, model.horizonMs) + (die % 25)
    const closing = open.filter((endMs) => endMs <= model.horizonMs)
    expect(ledger.close(model.horizonMs).sort((a, b) => a - b)).toEqual(closing)
  },
  takeComplete: ({ ledger, model }: Pair) => {
    expect(ledger.takeComplete()).toEqual(model.takeComplete())
  },
  recall: ({ ledger, model }: Pair, die: number) => {
    const endMs = [...model.finalizing][die % model.finalizing.size]
    if (endMs === undefined) return
    const wanted = (number: number) => (die >> (number % 8)) % 2 === 1
    const recalled = model.recall(endMs, wanted)
    const expected = recalled.map(({ made, deadLettered }) => ({ header: headerOf(made), deadLettered }))
    expect(ledger.recall(endMs, new Set([...model.envelopes.keys()].filter(wanted)))).toEqual(expected)
    attach(
      ledger,
      model,
      expected.map(({ header }) => header.number),
    )
  },
  restart: (pair: Pair) => {
    const text = JSON.stringify(pair.ledger.snapshot())
    pair.ledger = newLedger()
    pair.ledger.restore(JSON.parse(text))
    pair.model.restart()
    attach(
      pair.ledger,
      pair.model,
      pair.model.at('queued').map(({ made }) => made.envelope.number),
    )
  },
  finalize: ({ ledger, model }: Pair, die: number) => {
    const endMs = [...model.finalizing][die % model.finalizing.size]
    if (endMs === undefined) return
    ledger.finalize(endMs)
    model.finalizing.delete(endMs)
    model.final.add(endMs)
  },
}
type Operation = readonly [keyof typeof OPERATIONS, number]

/** Mostly an envelope that is at `place`, else any, also one that was never entered. */
function pick(model: LedgerModel, place: Place, die: number) {
  const there = die % 4 === 0 ? [] : model.at(place)
  const number = there[die % there.length]?.made.envelope.number ?? die % (model.envelopes.length + 1)
  return { number, entry: model.known(number) }
}

function headerOf({ envelope }: AccountedEnvelope) {
  const { lines: _, ...header } = envelope
  return header
}

/** Gives exactly these envelopes their lines back. */
function attach(ledger: Ledger, model: LedgerModel, numbers: readonly number[]): void {
  expect(ledger.unattached().map(({ number }) => number)).toEqual([...numbers].sort((a, b) => a - b))
  for (const number of numbers) ledger.attach(model.envelopes[number]!.made.envelope)
}

/** An envelope with events in up to four panes that are not closed as a whole: admission takes no others. */
function enter({ ledger, model }: Pair, die: number): void {
  const { horizonMs, envelopes } = model
  const firstPane = Math.floor(Math.max(0, horizonMs) / 10) * 10 - 10 // in windows up to firstPane + 20, so not closed
  const offsets = [0, 10, 20, 30].filter((_, bit) => die & (1 << bit))
  const starts = (offsets.length === 0 ? [0] : offsets).map((offset) => firstPane + offset)
  const number = envelopes.length
  const tally = (pane: number): Tally => ({ count: 1 + (pane % 3), sum: { hi: number, lo: pane } })
  const panes = new Map(starts.map((pane) => [pane, tally(Math.abs(pane))]))
  const envelope = envelopeOf([], { number, horizonMs, firstOffset: number * 10, digest: `digest-${number}` })
  const made: AccountedEnvelope = { envelope, panes, bytes: 10 + (die % 7) }
  ledger.enter(made)
  const ends = new Set(starts.flatMap((pane) => [pane + 10, pane + 20]).filter((endMs) => endMs > horizonMs))
  envelopes.push({ made, ends: [...ends], place: 'queued', reclaimAtMs: 0, deadLettered: 0 })
}

/** All that can be seen without changing anything, from the ledger and as it should be. */
export function views({ ledger, model }: Pair) {
  const ends = [...model.ends(), ...model.final]
  const inFlight = model.at('bursting').map(({ made: { envelope }, reclaimAtMs }) => {
    return { number: envelope.number, digest: envelope.digest, reclaimAtMs }
  })
  const known = model.envelopes.filter((_, number) => model.known(number) !== undefined)
  return {
    seen: [
      ledger.tally(),
      ledger.queued(),
      ledger.inFlight().sort((a, b) => a.number - b.number),
      ledger.neededOffset(),
      ends.map((endMs) => ledger.phaseOf(endMs)),
    ],
    expected: [
      model.tally(),
      model.at('queued').map(({ made }) => made.envelope),
      inFlight,
      Math.min(...known.map(({ made }) => made.envelope.firstOffset)),
      ends.map((endMs) => model.phaseOf(endMs)),
    ],
  }
}

const NAMES = Object.keys(OPERATIONS) as (keyof typeof OPERATIONS)[]
const OFTEN = ['enter', 'send', 'countBurst', 'countEdge', 'takeComplete', 'recall'] as const

/** Up to 60 operations, each with its die. */
export const someOperations: fc.Arbitrary<Operation[]> = fc.array(
  fc.tuple(fc.constantFrom(...NAMES, ...OFTEN), fc.nat(10_000)),
  { maxLength: 60, size: 'max' },
)

interface Modelled {
  readonly made: AccountedEnvelope
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
