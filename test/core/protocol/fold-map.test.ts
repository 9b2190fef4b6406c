import { setImmediate } from 'node:timers/promises'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { tumbling } from '../../../core/pipeline/window'
import { foldEnvelope } from '../../../core/protocol/fold'
import { mergePartial, presentRows } from '../../../core/protocol/partial'
import { envelopeOf, everyAggregate, plainEnvelope, someEvents, type TestEvent } from './folded'

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
            panes.set(pane, own === undefined ? partial : mergePartial(spec, own, partial))
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
