import { runInNewContext } from 'node:vm'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type FoldTerms, foldEnvelope } from '../../../core/protocol/fold'
import { encodeTally } from '../../../core/protocol/partial'
import type { Timers } from '../../../core/protocol/side-by-side'
import { envelopeOf, everyAggregate, plainEnvelope, someEvents, type TestEvent } from './folded'

const event = (v: unknown): TestEvent => ({ k: 'a', t: 0, v })
const HANGS = 13

/** Timers for which every time is up at the next turn. */
const impatient: Timers = {
  after: (_, fire) => {
    const immediate = setImmediate(fire)
    return () => clearImmediate(immediate)
  },
}

describe('an event whose map hangs', () => {
  const hang: ((e: TestEvent) => void)[] = []
  const map = async (e: TestEvent) => (e.v === HANGS ? new Promise<TestEvent>((resolve) => hang.push(resolve)) : e)
  const spec = everyAggregate({ map, mapTimeout: '3s', mapConcurrency: 2 })
  const envelope = envelopeOf([event(1), event(HANGS), event(2), event(3)])

  test('is a dead letter of its own code, and the others are folded', async () => {
    const { panes, deadLetters } = await foldEnvelope(spec, envelope, { timers: impatient })
    const reason = 'map gave no answer within 3000 ms'
    expect(deadLetters).toEqual([{ offset: 101, code: 'map_timeout', reason }])
    expect([panes.get(0)!.folded.count, panes.get(0)!.dead.count]).toEqual([3, 1])
  })

  test('counts nowhere when its answer comes late', async () => {
    const folded = await foldEnvelope(spec, envelope, { timers: impatient })
    const before = plainEnvelope(folded)
    for (const resolve of hang.splice(0)) resolve(event(HANGS))
    await new Promise(setImmediate)
    expect(plainEnvelope(folded)).toEqual(before)
  })

  test('and one whose map fails in time says that it failed', async () => {
    const fails = everyAggregate({ map: async () => Promise.reject(new Error('no rate')) })
    const { deadLetters } = await foldEnvelope(fails, envelopeOf([event(1)]), { timers: impatient })
    expect(deadLetters).toMatchObject([{ code: 'map_failed', reason: 'map failed: no rate' }])
  })
})

describe('what map returns and nobody can read', () => {
  const hostile: Record<string, () => TestEvent> = {
    key: () => runInNewContext(`({ get k() { throw new Error('lazy') }, t: 0, v: 1 })`),
    value: () => runInNewContext(`({ k: 'a', t: 0, get v() { throw new Error('lazy') } })`),
    'own promise': () => runInNewContext(`({ get then() { throw new Error('lazy') } })`),
    list: () => runInNewContext(`new Proxy([], { get() { throw new Error('lazy') } })`),
  }
  test.each(Object.keys(hostile))('an event that throws for its %s is a dead letter alone', async (part) => {
    const spec = everyAggregate({ map: (e) => (e.v === HANGS ? hostile[part]!() : e) })
    const { panes, deadLetters } = await foldEnvelope(spec, envelopeOf([event(1), event(HANGS), event(2)]))
    expect(deadLetters.map(({ offset }) => offset)).toEqual([101])
    expect(deadLetters[0]!.reason).toContain('lazy')
    expect(panes.get(0)!.folded.count).toBe(2)
  })
})

describe('an event that an earlier fold dead-lettered', () => {
  test('stays dead with its code, without another call of map', async () => {
    const called: unknown[] = []
    const map = (e: TestEvent) => {
      called.push(e.v)
      return e
    }
    const dead: FoldTerms['dead'] = new Map([[101, 'map_timeout']])
    const envelope = envelopeOf([event(1), event(2), event(3)])
    const { panes, deadLetters } = await foldEnvelope(everyAggregate({ map }), envelope, { dead })
    expect(called).toEqual([1, 3])
    expect(deadLetters).toMatchObject([{ offset: 101, code: 'map_timeout' }])
    expect([panes.get(0)!.folded.count, panes.get(0)!.dead.count]).toEqual([2, 1])
  })

  test('leaves the balance as it is: folded and dead are always all of them', async () => {
    await fc.assert(
      fc.asyncProperty(someEvents(), fc.uniqueArray(fc.nat(11)), async (events, indexes) => {
        const dead = new Map(indexes.map((index) => [100 + index, 'map_failed' as const]))
        const tallies = async (terms: FoldTerms) => {
          const { panes } = await foldEnvelope(everyAggregate(), envelopeOf(events), terms)
          return [...panes].map(([pane, { folded, dead }]) => [pane, folded.count + dead.count] as const)
        }
        expect(new Map(await tallies({ dead }))).toEqual(new Map(await tallies({})))
      }),
    )
  })

  test('changes nothing when there is none of this envelope', async () => {
    const { panes } = await foldEnvelope(everyAggregate(), envelopeOf([event(1)]), { dead: new Map() })
    expect(encodeTally(panes.get(0)!.dead)[0]).toBe(0)
  })
})

describe('progress', () => {
  test('is told once of each event, be it folded, dead-lettered, skipped or dead before, and all of it before the fold ends', async () => {
    const map = (e: TestEvent) => {
      if (e.v === HANGS) return new Promise<TestEvent>(() => {})
      if (e.v === 0) throw new Error('poison')
      return e.v === 1 ? Promise.resolve(e) : e
    }
    const spec = everyAggregate({ map, mapTimeout: '3s', mapConcurrency: 2 })
    const envelope = envelopeOf([event(1), event(HANGS), event(0), event(2), event('x'), { ...event(1), t: 12 }])
    let told = 0
    const onProgress = (events: number) => {
      told += events
    }
    const terms = { timers: impatient, dead: new Map([[103, 'map_failed' as const]]), onProgress }
    const { panes } = await foldEnvelope(spec, { ...envelope, horizonMs: 20 }, terms)
    expect([told, panes.size]).toEqual([6, 0])
    told = 0
    const { deadLetters } = await foldEnvelope(spec, envelope, terms)
    expect([told, deadLetters.map(({ offset }) => offset)]).toEqual([6, [101, 102, 103, 104]])
  })

  test('changes nothing of what the fold gives', async () => {
    await fc.assert(
      fc.asyncProperty(someEvents(), fc.boolean(), async (events, waits) => {
        const spec = everyAggregate(waits ? { map: async (e) => e } : {})
        const without = await foldEnvelope(spec, envelopeOf(events))
        let told = 0
        const onProgress = (done: number) => {
          told += done
        }
        const watched = await foldEnvelope(spec, envelopeOf(events), { onProgress })
        expect(plainEnvelope(watched)).toEqual(plainEnvelope(without))
        expect(told).toBe(events.length)
      }),
      { numRuns: 30 },
    )
  })
})
