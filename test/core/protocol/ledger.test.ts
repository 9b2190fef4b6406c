import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { sliding } from '../../../core/pipeline/window'
import { Ledger } from '../../../core/protocol/ledger'
import { encodeTally, type Tally } from '../../../core/protocol/partial'
import type { AccountedEnvelope } from '../../../core/protocol/uncut'
import { envelopeOf } from './folded'
import { isCounted, Pair, someOperations, views } from './ledger-operations'

const tally = (count: number): Tally => ({ count, sum: { hi: 0, lo: count } })

/** An envelope with one event in each pane. */
function cut(number: number, panes: readonly number[], horizonMs = Number.NEGATIVE_INFINITY): AccountedEnvelope {
  const envelope = { ...envelopeOf([]), number, horizonMs, digest: `d${number}` }
  return { envelope, panes: new Map(panes.map((pane) => [pane, tally(1)])), bytes: 10 }
}

/** Windows of 20 ms, one every 10 ms: pane 0 is in those that end at 10 and 20. */
function ledgerWith(...cuts: AccountedEnvelope[]): Ledger {
  const ledger = new Ledger(sliding(20, 10))
  for (const made of cuts) ledger.enter(made)
  return ledger
}

describe('an envelope', () => {
  test('is on the books of each window of its panes, once, with its events', () => {
    const ledger = ledgerWith(cut(0, [0, 10]))
    ledger.countEdge(0)
    expect(ledger.close(30)).toEqual([10, 20, 30])
    expect(ledger.takeComplete()).toEqual([
      { endMs: 10, accepted: encodeTally(tally(1)), edge: [[0, 'd0']], burst: [] },
      { endMs: 20, accepted: encodeTally(tally(2)), edge: [[0, 'd0']], burst: [] },
      { endMs: 30, accepted: encodeTally(tally(1)), edge: [[0, 'd0']], burst: [] },
    ])
  })

  test('is not on the books of windows that had closed when it was cut', () => {
    const ledger = ledgerWith(cut(0, [0], 10))
    expect(ledger.phaseOf(10)).toBeUndefined()
    expect(ledger.phaseOf(20)).toBe('open')
  })

  test('that would enter a closed window is a bug', () => {
    const ledger = ledgerWith(cut(0, [0]))
    ledger.close(10)
    expect(() => ledger.enter(cut(1, [0]))).toThrow('window 10 is closed and cannot take an envelope')
  })

  test('counted at the edge twice, or after it was sent, is a bug', () => {
    const ledger = ledgerWith(cut(0, [0]), cut(1, [0]))
    ledger.countEdge(0)
    expect(() => ledger.countEdge(0)).toThrow('envelope 0 is edge, not queued')
    ledger.send(1, 500)
    expect(() => ledger.countEdge(1)).toThrow('envelope 1 is bursting, not queued')
    expect(() => ledger.countEdge(7)).toThrow('envelope 7 is gone, not queued')
  })

  test('is sent once, and not after it was counted', () => {
    const ledger = ledgerWith(cut(0, [0]), cut(1, [0]))
    expect([ledger.send(0, 500), ledger.send(0, 500)]).toEqual([true, false])
    ledger.countEdge(1)
    expect(ledger.send(1, 500)).toBe(false)
    expect(ledger.inFlight()).toEqual([{ number: 0, digest: 'd0', reclaimAtMs: 500 }])
  })
})

describe('a sent envelope', () => {
  test('that was reclaimed is not counted in the burst: its head is an orphan', () => {
    const made = cut(0, [0])
    const ledger = ledgerWith(made)
    ledger.send(0, 500)
    expect(ledger.reclaim(0)).toBe(made.envelope)
    expect(ledger.countBurst(0)).toBeNull()
    ledger.countEdge(0)
    ledger.close(20)
    expect(ledger.takeComplete().map(({ edge, burst }) => [edge.length, burst.length])).toEqual([
      [1, 0],
      [1, 0],
    ])
  })

  test('that was counted is not reclaimed', () => {
    const made = cut(0, [0])
    const ledger = ledgerWith(made)
    ledger.send(0, 500)
    expect(ledger.countBurst(0)).toBe(made.envelope)
    expect([ledger.reclaim(0), ledger.countBurst(0)]).toEqual([null, null])
  })

  test('comes back from bursting only: not while it is queued, and not once it was counted at the edge', () => {
    const ledger = ledgerWith(cut(0, [0]))
    expect(ledger.reclaim(0)).toBeNull()
    ledger.countEdge(0)
    expect(ledger.reclaim(0)).toBeNull()
    expect(ledger.reclaim(7)).toBeNull()
  })

  test('may be sent again after a reclaim, with a new deadline', () => {
    const ledger = ledgerWith(cut(0, [0]))
    ledger.send(0, 500)
    ledger.reclaim(0)
    expect(ledger.send(0, 900)).toBe(true)
    expect(ledger.inFlight()).toEqual([{ number: 0, digest: 'd0', reclaimAtMs: 900 }])
  })
})

describe('an envelope that was counted in the burst and that the cloud cannot give', () => {
  test('goes back to the edge once its lines are there, and the windows that are not final wait for it', () => {
    const made = cut(0, [0])
    const ledger = ledgerWith(made)
    ledger.send(0, 500)
    ledger.countBurst(0, 1)
    ledger.close(10)
    expect(ledger.takeComplete()).toMatchObject([{ endMs: 10, burst: [[0, 'd0']] }])
    const header = expect.objectContaining({ number: 0, digest: 'd0' })
    expect(ledger.recall(10, new Set([0, 7]))).toEqual([{ header, deadLettered: 1 }])
    ledger.close(20)
    expect([ledger.queued(), ledger.takeComplete()]).toEqual([[], []])
    ledger.attach(made.envelope)
    expect(ledger.queued()).toEqual([made.envelope])
    ledger.countEdge(0)
    const edge = [[0, 'd0']]
    expect(ledger.takeComplete()).toMatchObject([
      { endMs: 10, edge, burst: [] },
      { endMs: 20, edge, burst: [] },
    ])
  })

  test('is being finalized as long as any of its windows is', () => {
    const ledger = ledgerWith(cut(0, [0]))
    ledger.send(0, 500)
    ledger.countBurst(0, 0)
    ledger.close(20)
    expect(ledger.isFinalizing(0)).toBe(false)
    ledger.takeComplete()
    ledger.recall(10, new Set([0]))
    expect(ledger.isFinalizing(0)).toBe(true)
    ledger.finalize(20)
    expect(ledger.isFinalizing(0)).toBe(false)
  })

  test('is taken back after a restore where what the cloud made of it does not hold any more', () => {
    const ledger = ledgerWith(cut(0, [0]), cut(1, [0]), cut(2, [0]))
    for (const number of [0, 1]) {
      ledger.send(number, 500)
      ledger.countBurst(number, number)
    }
    ledger.countEdge(2)
    const restored = ledgerWith()
    restored.restore(ledger.snapshot())
    restored.takeBackStale((_header, deadLettered) => deadLettered < 1)
    expect(restored.unattached().map(({ number }) => number)).toEqual([0])
    restored.close(10)
    expect(restored.takeComplete()).toEqual([])
  })

  test('takes no lines unless it waits for some', () => {
    const made = cut(0, [0])
    const ledger = ledgerWith(made)
    ledger.countEdge(0)
    expect(ledger.attach(made.envelope)).toBe(false) // counted: its lines are of no use
  })

  test('is not looked for in a window that is final', () => {
    expect(ledgerWith().recall(10, new Set([0]))).toEqual([])
  })
})

describe('a window', () => {
  test('completes when it is closed and all its envelopes are counted, and not before', () => {
    const ledger = ledgerWith(cut(0, [0]), cut(1, [0]))
    ledger.countEdge(0)
    ledger.send(1, 500)
    ledger.close(10)
    expect(ledger.takeComplete()).toEqual([])
    ledger.countBurst(1)
    expect(ledger.takeComplete()).toEqual([
      { endMs: 10, accepted: encodeTally(tally(2)), edge: [[0, 'd0']], burst: [[1, 'd1']] },
    ])
    expect([ledger.phaseOf(10), ledger.phaseOf(20)]).toEqual(['finalizing', 'open'])
  })

  test('is taken once', () => {
    const ledger = ledgerWith(cut(0, [0]))
    ledger.countEdge(0)
    ledger.close(10)
    expect(ledger.takeComplete()).toHaveLength(1)
    expect(ledger.close(10)).toEqual([])
    expect(ledger.takeComplete()).toEqual([])
  })

  test('that is final releases the envelopes that touch no other', () => {
    const ledger = ledgerWith(cut(0, [0], 10), cut(1, [0, 10], 10))
    for (const number of [0, 1]) ledger.send(number, 500)
    for (const number of [0, 1]) ledger.countBurst(number)
    ledger.close(20)
    ledger.takeComplete()
    ledger.finalize(20)
    expect(ledger.phaseOf(20)).toBeUndefined()
    expect(() => ledger.countEdge(0)).toThrow('envelope 0 is gone')
    expect(() => ledger.countEdge(1)).toThrow('envelope 1 is burst')
    expect(() => ledger.finalize(20)).toThrow('no window ends at 20')
  })

  test('that the log says is final takes its envelopes with it, wherever they were: a restart has nothing to do for them', () => {
    const ledger = ledgerWith(cut(0, [0], 10), cut(1, [0, 10], 10))
    ledger.close(20)
    ledger.finalize(20)
    expect(ledger.queued().map(({ number }) => number)).toEqual([1])
    ledger.countEdge(1)
    ledger.close(30)
    expect(ledger.takeComplete()).toMatchObject([{ endMs: 30, edge: [[1, 'd1']] }])
  })
})

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
