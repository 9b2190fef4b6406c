import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { CutEnvelope } from '../../core/intake'
import { Ledger, type Place } from '../../core/ledger'
import type { Tally } from '../../core/partial'
import { sliding } from '../../core/window'
import { envelopeOf } from './folded'
import { isCounted, LedgerModel } from './ledger-model'

/** What can be asked of a ledger, done to the model as well; `die` picks the envelope, the window or the panes. */
const OPERATIONS = {
  enter,
  send: (ledger: Ledger, model: LedgerModel, die: number) => {
    const { number, entry } = pick(model, 'queued', die)
    expect(ledger.send(number, die)).toBe(entry?.place === 'queued')
    if (entry?.place === 'queued') Object.assign(entry, { place: 'bursting', reclaimAtMs: die })
  },
  countEdge: (ledger: Ledger, model: LedgerModel, die: number) => {
    const { number, entry } = pick(model, 'queued', die)
    const place = entry?.place ?? 'gone'
    if (entry === undefined || place !== 'queued') {
      expect(() => ledger.countEdge(number)).toThrow(`envelope ${number} is ${place}, not queued`)
      return
    }
    ledger.countEdge(number)
    entry.place = 'edge'
  },
  countBurst: (ledger: Ledger, model: LedgerModel, die: number) => {
    const { number, entry } = pick(model, 'bursting', die)
    expect(ledger.countBurst(number)).toBe(entry?.place === 'bursting' ? entry.made.envelope : null)
    if (entry?.place === 'bursting') entry.place = 'burst'
  },
  reclaim: (ledger: Ledger, model: LedgerModel, die: number) => {
    const { number, entry } = pick(model, 'bursting', die)
    expect(ledger.reclaim(number)).toBe(entry?.place === 'bursting' ? entry.made.envelope : null)
    if (entry?.place === 'bursting') entry.place = 'queued'
  },
  close: (ledger: Ledger, model: LedgerModel, die: number) => {
    const open = model.ends().filter((endMs) => model.phaseOf(endMs) === 'open')
    model.horizonMs = Math.max(0, model.horizonMs) + (die % 25)
    const closing = open.filter((endMs) => endMs <= model.horizonMs)
    expect(ledger.close(model.horizonMs).sort((a, b) => a - b)).toEqual(closing)
  },
  takeComplete: (ledger: Ledger, model: LedgerModel) => {
    expect(ledger.takeComplete()).toEqual(model.takeComplete())
  },
  finalize: (ledger: Ledger, model: LedgerModel, die: number) => {
    const endMs = [...model.finalizing][die % model.finalizing.size]
    if (endMs === undefined) return
    ledger.finalize(endMs)
    model.finalizing.delete(endMs)
    model.final.add(endMs)
  },
}

/** Mostly an envelope that is at `place`, else any, also one that was never entered. */
function pick(model: LedgerModel, place: Place, die: number) {
  const there = die % 4 === 0 ? [] : model.at(place)
  const number = there[die % there.length]?.made.envelope.number ?? die % (model.envelopes.length + 1)
  return { number, entry: model.known(number) }
}

/** An envelope with events in up to four panes that are not closed as a whole: admission takes no others. */
function enter(ledger: Ledger, model: LedgerModel, die: number): void {
  const { horizonMs, envelopes } = model
  const firstPane = Math.floor(Math.max(0, horizonMs) / 10) * 10 - 10 // in windows up to firstPane + 20, so not closed
  const offsets = [0, 10, 20, 30].filter((_, bit) => die & (1 << bit))
  const starts = (offsets.length === 0 ? [0] : offsets).map((offset) => firstPane + offset)
  const number = envelopes.length
  const tally = (pane: number): Tally => ({ count: 1 + (pane % 3), sum: { hi: number, lo: pane } })
  const panes = new Map(starts.map((pane) => [pane, tally(Math.abs(pane))]))
  const envelope = { ...envelopeOf([]), number, horizonMs, digest: `digest-${number}` }
  const made: CutEnvelope = { envelope, panes, bytes: 10 + (die % 7) }
  ledger.enter(made)
  const ends = new Set(starts.flatMap((pane) => [pane + 10, pane + 20]).filter((endMs) => endMs > horizonMs))
  envelopes.push({ made, ends: [...ends], place: 'queued', reclaimAtMs: 0 })
}

/** All that can be seen without changing anything, from the ledger and as it should be. */
function views(ledger: Ledger, model: LedgerModel) {
  const ends = [...model.ends(), ...model.final]
  const inFlight = model.at('bursting').map(({ made: { envelope }, reclaimAtMs }) => {
    return { number: envelope.number, digest: envelope.digest, reclaimAtMs }
  })
  return {
    seen: [
      ledger.tally(),
      ledger.queued(),
      ledger.inFlight().sort((a, b) => a.number - b.number),
      ends.map((endMs) => ledger.phaseOf(endMs)),
    ],
    expected: [
      model.tally(),
      model.at('queued').map(({ made }) => made.envelope),
      inFlight,
      ends.map((endMs) => model.phaseOf(endMs)),
    ],
  }
}

const NAMES = Object.keys(OPERATIONS) as (keyof typeof OPERATIONS)[]
const someOperations = fc.array(fc.tuple(fc.constantFrom(...NAMES, 'enter', 'countEdge'), fc.nat(10_000)), {
  maxLength: 60,
  size: 'max',
})

test('the ledger does what a plain list of envelopes would', () => {
  fc.assert(
    fc.property(someOperations, (operations) => {
      const [ledger, model] = [new Ledger(sliding(20, 10)), new LedgerModel()]
      for (const [operation, die] of operations) {
        OPERATIONS[operation](ledger, model, die)
        const { seen, expected } = views(ledger, model)
        expect(seen).toEqual(expected)
      }
    }),
  )
})

test('every window completes in the end, with each of its envelopes counted exactly once', () => {
  fc.assert(
    fc.property(someOperations, fc.nat(1), (operations, parity) => {
      const [ledger, model] = [new Ledger(sliding(20, 10)), new LedgerModel()]
      for (const [operation, die] of operations) OPERATIONS[operation](ledger, model, die)
      for (const { number } of ledger.inFlight()) if (number % 2 === parity) ledger.reclaim(number)
      for (const { number } of ledger.inFlight()) ledger.countBurst(number)
      for (const { number } of ledger.queued()) ledger.countEdge(number)
      ledger.close(Number.MAX_SAFE_INTEGER)
      const waiting = model.ends().filter((endMs) => !model.finalizing.has(endMs))
      const accounts = ledger.takeComplete()
      expect(accounts.map(({ endMs }) => endMs)).toEqual(waiting)
      for (const { endMs, edge, burst } of accounts) {
        const counted = [...edge, ...burst].map(([number]) => number).sort((a, b) => a - b)
        expect(counted).toEqual([...model.envelopes.keys()].filter((n) => model.envelopes[n]!.ends.includes(endMs)))
      }
      for (const endMs of model.ends()) ledger.finalize(endMs)
      expect(ledger.tally()).toEqual({ open: 0, closing: 0, finalizing: 0, inFlight: 0, inFlightBytes: 0 })
    }),
  )
})

test('the operations reach all that the law is about', () => {
  const seen = new Set<string>()
  for (const operations of fc.sample(someOperations, { numRuns: 100, seed: 1 })) {
    const [ledger, model] = [new Ledger(sliding(20, 10)), new LedgerModel()]
    for (const [operation, die] of operations) OPERATIONS[operation](ledger, model, die)
    for (const { place } of model.envelopes) seen.add(isCounted(place) ? `counted: ${place}` : place)
    if (model.final.size > 1) seen.add('several final windows')
  }
  expect([...seen].sort()).toEqual(['bursting', 'counted: burst', 'counted: edge', 'queued', 'several final windows'])
})
