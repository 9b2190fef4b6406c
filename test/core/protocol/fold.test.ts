import { setImmediate } from 'node:timers/promises'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { sliding, tumbling } from '../../../core/pipeline/window'
import { foldEnvelope } from '../../../core/protocol/fold'
import { addEvent, eventHasher } from '../../../core/protocol/hash-sum'
import { encodeTally, mergePartial, presentRows, zeroTally } from '../../../core/protocol/partial'
import { envelopeOf, everyAggregate, plainEnvelope, someEvents, type TestEvent } from './folded'

const event = (k: string | undefined, t: number, v: unknown) =>
  ({ ...(k === undefined ? {} : { k }), t, v }) as TestEvent

/** The tally of the events at these offsets. */
function tallyOf(...offsets: number[]) {
  const tally = zeroTally()
  for (const offset of offsets) addEvent(tally.sum, eventHasher('test'), offset)
  return encodeTally({ ...tally, count: offsets.length })
}

describe('folding', () => {
  test('gives each pane its groups, and the tally of its events by offset', async () => {
    const events = [event('a', 1, 2), event('b', 12, 3), event('a', 9, 4), event('a', 12, 5)]
    const { panes, deadLetters } = await foldEnvelope(everyAggregate(), envelopeOf(events))
    expect(deadLetters).toEqual([])
    expect([...panes.keys()]).toEqual([0, 10])
    expect(presentRows(everyAggregate(), panes.get(0)!)).toMatchObject([{ key: 'a', n: 2, total: 6, low: 2, high: 4 }])
    expect(presentRows(everyAggregate(), panes.get(10)!)).toMatchObject([
      { key: 'a', total: 5 },
      { key: 'b', total: 3 },
    ])
    expect(encodeTally(panes.get(0)!.folded)).toEqual(tallyOf(100, 102))
    expect(encodeTally(panes.get(10)!.folded)).toEqual(tallyOf(101, 103))
  })

  test('of no events is nothing', async () => {
    expect(plainEnvelope(await foldEnvelope(everyAggregate(), envelopeOf([])))).toEqual({ panes: {}, deadLetters: [] })
  })

  test('keeps the event in the pane of its own timestamp, whatever map makes of it', async () => {
    const spec = everyAggregate({ map: (e, { timestampMs }) => ({ ...e, t: 5_000, v: timestampMs }) })
    const { panes } = await foldEnvelope(spec, envelopeOf([event('a', 12, 0)]))
    expect([...panes.keys()]).toEqual([10])
    expect(presentRows(spec, panes.get(10)!)).toMatchObject([{ total: 12 }])
  })

  test('skips events all of whose windows had closed, and no others', async () => {
    const spec = everyAggregate({ window: sliding(20, 10) })
    const events = [event('a', 9, 1), event('a', 10, 1), event('a', 25, 1)]
    const folded = async (horizonMs: number) => {
      const { panes } = await foldEnvelope(spec, envelopeOf(events, { horizonMs }))
      return [...panes.keys()]
    }
    expect(await folded(19)).toEqual([0, 10, 20])
    expect(await folded(20)).toEqual([10, 20])
    expect(await folded(30)).toEqual([20])
    expect(await folded(40)).toEqual([])
  })
})

describe('an event that map turns into', () => {
  test.each<[string, readonly TestEvent[] | TestEvent | undefined, Record<string, number>]>([
    ['one event', event('x', 0, 1), { x: 1 }],
    ['several events', [event('x', 0, 1), event('y', 0, 1), event('x', 0, 1)], { x: 2, y: 1 }],
    ['none', undefined, {}],
    ['an empty list', [], {}],
  ])('%s counts once, in the groups of what it became', async (_, mapped, groups) => {
    const spec = everyAggregate({ map: () => mapped })
    const { panes, deadLetters } = await foldEnvelope(spec, envelopeOf([event('a', 0, 0)]))
    expect(deadLetters).toEqual([])
    expect(Object.fromEntries(presentRows(spec, panes.get(0)!).map(({ key, n }) => [key, n]))).toEqual(groups)
    expect(encodeTally(panes.get(0)!.folded)).toEqual(tallyOf(100))
  })
})

describe('an event that cannot be folded', () => {
  test.each<[string, unknown, string, string]>([
    ['without a key', event(undefined, 0, 1), 'missing_key', 'the event has no field "k" for its key; it has "t", "v"'],
    [
      'with a key that is too long',
      event('x'.repeat(513), 0, 1),
      'key_too_long',
      'the key has 513 characters; at most 512 are taken',
    ],
    ['with a value that is no number', event('a', 0, 'x'), 'not_a_number', 'field "v" is not a finite number: "x"'],
    ['with a value out of range', event('a', 0, 1e300), 'out_of_range', 'field "v" is beyond ±2^970: 1e+300'],
  ])('%s is a dead letter, and the others are folded', async (_, bad, code, reason) => {
    const events = [event('a', 0, 1), bad, event('a', 0, 2)]
    const { panes, deadLetters } = await foldEnvelope(everyAggregate(), envelopeOf(events))
    expect(deadLetters).toEqual([{ offset: 101, code, reason }])
    expect(encodeTally(panes.get(0)!.folded)).toEqual(tallyOf(100, 102))
    expect(encodeTally(panes.get(0)!.dead)).toEqual(tallyOf(101))
    expect(presentRows(everyAggregate(), panes.get(0)!)).toMatchObject([{ key: 'a', n: 2, total: 3 }])
  })

  test('counts in no aggregate, also where only the last of several mapped events is bad', async () => {
    const spec = everyAggregate({ map: (e) => [e, { ...e, k: 'other' }, { ...e, v: Number.NaN }] })
    const { panes } = await foldEnvelope(spec, envelopeOf([event('a', 0, 1)]))
    expect(panes.get(0)!.groups.size).toBe(0)
    expect(encodeTally(panes.get(0)!.dead)).toEqual(tallyOf(100))
  })

  const poison = (thrown: unknown) => (e: TestEvent) => {
    if (e.v === 13) throw thrown
    return e
  }
  test.each<[string, unknown, string]>([
    ['an error', new Error('no rate'), 'map failed: no rate'],
    ['a text', 'text', 'map failed: text'],
    ['nothing', undefined, 'map failed: undefined'],
    ['what cannot become text', Object.create(null), 'map failed: it threw something without a text'],
    ['a long text', new Error('x'.repeat(1_000)), `map failed: ${'x'.repeat(188)}`],
  ])('since map threw %s is a dead letter alone, sync or async', async (_, thrown, reason) => {
    const events = [event('a', 0, 1), event('a', 0, 13), event('a', 0, 2)]
    const sync = await foldEnvelope(everyAggregate({ map: poison(thrown) }), envelopeOf(events))
    const rejects = async (e: TestEvent) => poison(thrown)(e)
    const async = await foldEnvelope(everyAggregate({ map: rejects }), envelopeOf(events))
    expect(sync.deadLetters).toEqual([{ offset: 101, code: 'map_failed', reason }])
    expect(encodeTally(sync.panes.get(0)!.folded)).toEqual(tallyOf(100, 102))
    expect(plainEnvelope(async)).toEqual(plainEnvelope(sync))
  })

  test('for a fault of the program, and not of the event, stops the fold', async () => {
    const aggregates = everyAggregate().aggregates
    const broken = {
      ...aggregates.n,
      add: () => {
        throw new Error('a bug')
      },
    }
    const spec = everyAggregate({ map: (e) => e, aggregates: { ...aggregates, n: broken } })
    await expect(foldEnvelope(spec, envelopeOf([event('a', 0, 1)]))).rejects.toThrow('a bug')
  })
})

describe('a fold with a map', () => {
  const event = (v: unknown): TestEvent => ({ k: 'a', t: 0, v })

  describe('the order does not matter', () => {
    const map = (e: TestEvent) => {
      if (typeof e.v === 'number' && e.v < -1e6) throw new Error('poison')
      return e.k === 'b' ? [e, { ...e, k: 'twin' }] : e
    }

    test('answers of map in any order give what a map without waiting gives', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.scheduler(),
          someEvents(),
          fc.integer({ min: 1, max: 5 }),
          async (s, events, mapConcurrency) => {
            const later = s.scheduleFunction(async (e: TestEvent) => map(e))
            const waiting = foldEnvelope(everyAggregate({ map: later, mapConcurrency }), envelopeOf(events))
            const async = plainEnvelope(await s.waitFor(waiting))
            expect(async).toEqual(plainEnvelope(await foldEnvelope(everyAggregate({ map }), envelopeOf(events))))
          },
        ),
      )
    })

    test('two envelopes, merged either way, are the one that holds both', async () => {
      const spec = everyAggregate({ window: tumbling(30), map })
      const foldFrom = async (events: TestEvent[], firstOffset: number) =>
        foldEnvelope(spec, envelopeOf(events, { firstOffset }))
      await fc.assert(
        fc.asyncProperty(someEvents(), someEvents(), async (x, y) => {
          const joined = async (first: Parameters<typeof foldFrom>, second: Parameters<typeof foldFrom>) => {
            const into = await foldFrom(...first)
            const panes = new Map(into.panes)
            for (const [pane, partial] of (await foldFrom(...second)).panes) {
              const own = panes.get(pane)
              panes.set(pane, own === undefined ? partial : mergePartial(own, partial))
            }
            return plainEnvelope({ panes, deadLetters: [] }).panes
          }
          const whole = plainEnvelope(await foldFrom([...x, ...y], 0)).panes
          expect(await joined([x, 0], [y, x.length])).toEqual(whole)
          expect(await joined([y, x.length], [x, 0])).toEqual(whole)
        }),
      )
    })
  })

  describe('map runs for several events at once', () => {
    async function mostAtOnce(events: number, mapConcurrency: number): Promise<number> {
      let running = 0
      let most = 0
      const map = async (e: TestEvent) => {
        most = Math.max(most, ++running)
        await setImmediate()
        running -= 1
        return e
      }
      const spec = everyAggregate({ map, mapConcurrency })
      await foldEnvelope(spec, envelopeOf(Array.from({ length: events }, () => event(1))))
      return most
    }

    test.each([
      [20, 4, 4],
      [20, 1, 1],
      [3, 64, 3],
    ])('%i events at most %i at once: %i are', async (events, limit, most) => {
      expect(await mostAtOnce(events, limit)).toBe(most)
    })

    test('and a slow one holds up no other', async () => {
      let release: (e: TestEvent) => void = () => undefined
      let done = 0
      const map = (e: TestEvent) => {
        if (e.v === 0) return new Promise<TestEvent>((resolve) => (release = resolve)) // the first
        if (++done === 9) release({ ...e, v: 0 })
        return Promise.resolve(e)
      }
      const events = Array.from({ length: 10 }, (_, v) => event(v))
      const { panes } = await foldEnvelope(everyAggregate({ map, mapConcurrency: 2 }), envelopeOf(events))
      expect(panes.get(0)!.folded.count).toBe(10)
    })

    test('and a promise of another realm is waited for as well', async () => {
      const foreign: (e: TestEvent) => Promise<TestEvent> = runInNewContext('(event) => Promise.resolve(event)')
      const map = (e: TestEvent) => foreign(e)
      const { panes } = await foldEnvelope(everyAggregate({ map }), envelopeOf([event(7)]))
      expect(presentRows(everyAggregate(), panes.get(0)!)).toMatchObject([{ key: 'a', total: 7 }])
    })
  })
})
