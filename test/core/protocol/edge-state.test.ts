import { serialize } from 'node:v8'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { panesOfWindow, sliding, tumbling } from '../../../core/pipeline/window'
import { EdgeState } from '../../../core/protocol/edge-state'
import { foldEnvelope } from '../../../core/protocol/fold'
import { emptyPartial, mergePartial, presentRows } from '../../../core/protocol/partial'
import { envelopeOf, everyAggregate, plain, someEvents, type TestEvent } from './folded'

const NOTHING_MS = Number.NEGATIVE_INFINITY
const spec = everyAggregate({ window: sliding(20, 10) })

const event = (k: string, t: number): TestEvent => ({ k, t, v: 1 })
const folded = (events: readonly TestEvent[], horizonMs: number, firstOffset = 0) =>
  foldEnvelope(spec, envelopeOf(events, { horizonMs, firstOffset }))

async function stateOf(...envelopes: [horizonMs: number, ...TestEvent[]][]): Promise<EdgeState> {
  const state = new EdgeState(spec)
  for (const [horizonMs, ...events] of envelopes) state.absorb(horizonMs, await folded(events, horizonMs))
  return state
}

/** How many events of each key the window has. */
const countsIn = (state: EdgeState, endMs: number) =>
  Object.fromEntries(presentRows(spec, state.window(endMs)).map(({ key, n }) => [key, n]))

describe('the edge part of a window', () => {
  test('is the sum of its panes, over all envelopes', async () => {
    const state = await stateOf([NOTHING_MS, event('a', 1), event('a', 11)], [NOTHING_MS, event('b', 2), event('a', 3)])
    expect(countsIn(state, 10)).toEqual({ a: 2, b: 1 })
    expect(countsIn(state, 20)).toEqual({ a: 3, b: 1 })
    expect(countsIn(state, 30)).toEqual({ a: 1 })
    expect(countsIn(state, 40)).toEqual({})
  })

  test('never has events of envelopes that were cut after its closing, although they share its panes', async () => {
    const state = await stateOf([NOTHING_MS, event('early', 5)], [10, event('late', 6)])
    expect(countsIn(state, 10)).toEqual({ early: 1 })
    expect(countsIn(state, 20)).toEqual({ early: 1, late: 1 })
  })

  test('may be read again and again, while other windows go on', async () => {
    const state = await stateOf([NOTHING_MS, event('a', 1)], [10, event('a', 2)])
    const before = serialize(plain(state.window(20)))
    state.window(10)
    state.window(20)
    expect(serialize(plain(state.window(20))).equals(before)).toBe(true)
    state.absorb(20, await folded([event('a', 12)], 20))
    expect(serialize(plain(state.window(20))).equals(before)).toBe(true)
    expect(countsIn(state, 30)).toEqual({ a: 1 })
  })

  test('is that of its envelopes merged one by one, for envelopes cut at any horizons', async () => {
    const cut = fc.tuple(fc.constantFrom(NOTHING_MS, 5, 10, 15, 20, 30), someEvents())
    await fc.assert(
      fc.asyncProperty(fc.array(cut, { maxLength: 6 }), async (cuts) => {
        const state = new EdgeState(spec)
        for (const [n, [horizonMs, events]] of cuts.entries())
          state.absorb(horizonMs, await folded(events, horizonMs, n * 100))
        for (const endMs of [10, 20, 30, 40]) {
          const expected = emptyPartial(spec)
          for (const [n, [horizonMs, events]] of cuts.entries()) {
            if (endMs <= horizonMs) continue // the window had closed
            const { panes } = await folded(events, NOTHING_MS, n * 100)
            for (const pane of panesOfWindow(spec.window, endMs)) {
              mergePartial(expected, panes.get(pane) ?? emptyPartial(spec))
            }
          }
          expect(plain(state.window(endMs))).toEqual(plain(expected))
        }
      }),
    )
  })
})

describe('the state of the edge', () => {
  test('keeps a pane until the last of its windows is final', async () => {
    const state = await stateOf([NOTHING_MS, event('a', 1), event('b', 2), event('a', 11)], [10, event('a', 3)])
    expect(state.groups).toBe(4) // a and b of the first pane, a of the second, and the slice that came after 10
    state.release((endMs) => endMs <= 10)
    expect(state.groups).toBe(4)
    state.release((endMs) => endMs === 20)
    expect(state.groups).toBe(4)
    state.release((endMs) => endMs <= 20)
    expect(state.groups).toBe(1)
    expect(countsIn(state, 30)).toEqual({ a: 1 })
  })

  test('takes no pane all of whose windows had closed: that would be a bug of the fold', async () => {
    const old = await folded([event('a', 1)], NOTHING_MS)
    expect(() => new EdgeState(spec).absorb(20, old)).toThrow('pane 0 was folded although all its windows were closed')
    expect(() => new EdgeState(spec).absorb(19, old)).not.toThrow()
  })

  test('has one slice of each pane for tumbling windows', async () => {
    const tumblingSpec = everyAggregate({ window: tumbling(10) })
    const state = new EdgeState(tumblingSpec)
    for (const horizonMs of [NOTHING_MS, 5]) state.absorb(horizonMs, await folded([event('a', 12)], horizonMs))
    expect(state.groups).toBe(1)
    expect(countsIn(state, 20)).toEqual({ a: 2 })
    expect(plain(state.window(30))).toEqual(plain(emptyPartial(spec)))
  })

  test('that went through a snapshot as JSON text goes on as it was, and shares nothing with the old one', async () => {
    await fc.assert(
      fc.asyncProperty(someEvents(), someEvents(), someEvents(), async (x, y, z) => {
        const [state, restored] = [new EdgeState(spec), new EdgeState(spec)]
        state.absorb(NOTHING_MS, await folded(x, NOTHING_MS))
        state.absorb(10, await folded(y, 10, 100))
        const frozen = state.freeze()
        restored.restore(JSON.parse(JSON.stringify([...frozen.pieces])))
        frozen.thaw()
        expect(restored.groups).toBe(state.groups)
        restored.absorb(20, await folded(z, 20, 200))
        for (const endMs of [10, 20]) expect(plain(restored.window(endMs))).toEqual(plain(state.window(endMs)))
        state.absorb(20, await folded(z, 20, 200))
        for (const endMs of [30, 40]) expect(plain(restored.window(endMs))).toEqual(plain(state.window(endMs)))
      }),
    )
  })

  test('while it is copied for a checkpoint goes on, and the copy is of the moment at which it froze', async () => {
    await fc.assert(
      fc.asyncProperty(someEvents(), someEvents(), someEvents(), async (before, during, after) => {
        const [state, plainState, atFreeze] = [new EdgeState(spec), new EdgeState(spec), new EdgeState(spec)]
        for (const each of [state, plainState, atFreeze]) each.absorb(NOTHING_MS, await folded(before, NOTHING_MS))
        const frozen = state.freeze()
        for (const each of [state, plainState]) each.absorb(NOTHING_MS, await folded(during, NOTHING_MS, 100))
        for (const endMs of [10, 20, 30, 40])
          expect(plain(state.window(endMs))).toEqual(plain(plainState.window(endMs)))
        const copy = new EdgeState(spec)
        copy.restore(JSON.parse(JSON.stringify([...frozen.pieces])))
        frozen.thaw()
        for (const each of [state, plainState]) each.absorb(NOTHING_MS, await folded(after, NOTHING_MS, 200))
        for (const endMs of [10, 20, 30, 40]) {
          expect(plain(copy.window(endMs))).toEqual(plain(atFreeze.window(endMs)))
          expect(plain(state.window(endMs))).toEqual(plain(plainState.window(endMs)))
        }
        expect(state.groups).toBe(plainState.groups)
      }),
    )
  })

  test('of very many keys is copied in pieces, each key once', async () => {
    const lines = Array.from({ length: 4_500 }, (_, index) => event(`k${index}`, 1))
    const state = await stateOf([NOTHING_MS, ...lines])
    const pieces = [...state.freeze().pieces]
    expect(pieces.map(({ groups }) => groups.length)).toEqual([2_000, 2_000, 500])
    const copy = new EdgeState(spec)
    copy.restore(pieces)
    expect(plain(copy.window(20))).toEqual(plain(state.window(20)))
  })
})
