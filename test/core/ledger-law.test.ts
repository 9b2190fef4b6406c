import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { isCounted } from './ledger-model'
import { Pair, someOperations, views } from './ledger-operations'

test('the ledger does what a plain list of envelopes would', () => {
  fc.assert(
    fc.property(someOperations, (operations) => {
      const pair = new Pair()
      for (const operation of operations) {
        const { seen, expected } = views(pair.run([operation]))
        expect(seen).toEqual(expected)
      }
    }),
  )
})

test('every window completes in the end, with each of its envelopes counted exactly once', () => {
  fc.assert(
    fc.property(someOperations, fc.nat(1), (operations, parity) => {
      const { ledger, model } = new Pair().run(operations)
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
      const nothing = { open: 0, closing: 0, finalizing: 0, inFlight: 0, inFlightEvents: 0, inFlightBytes: 0 }
      expect(ledger.tally()).toEqual(nothing)
      expect(ledger.neededOffset()).toBe(Number.POSITIVE_INFINITY)
    }),
  )
})

test('the operations reach all that the law is about', () => {
  const seen = new Set<string>()
  for (const operations of fc.sample(someOperations, { numRuns: 100, seed: 1 })) {
    const { model } = new Pair().run(operations)
    for (const { place } of model.envelopes) seen.add(isCounted(place) ? `counted: ${place}` : place)
    if (model.final.size > 1) seen.add('several final windows')
    if (model.recalls > 0) seen.add('a recall')
  }
  const all = ['a recall', 'bursting', 'counted: burst', 'counted: edge', 'queued', 'several final windows']
  expect([...seen].sort()).toEqual(all)
})
