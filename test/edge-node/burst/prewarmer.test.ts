import { describe, expect, test } from '@jest/globals'
import { pino } from 'pino'
import { keepWarmAtMs, Prewarmer } from '../../../edge-node/burst/prewarmer'
import { ManualClock, settled } from '../../support/manual-clock'

const logger = pino({ level: 'silent' })
const WARM_MS = 120_000

function prewarmer(lanes: number, answer = async (): Promise<unknown> => null) {
  const payloads: unknown[] = []
  const invoke = (payload: unknown) => {
    payloads.push(payload)
    return answer()
  }
  return { payloads, warm: new Prewarmer({ invoke }, lanes, logger) }
}

describe('warming up', () => {
  test('asks for an instance a lane at once, with batches without records', () => {
    const { payloads, warm } = prewarmer(4, () => new Promise(() => {}))
    warm.prewarm(0)
    expect(payloads).toEqual([{ Records: [] }, { Records: [] }, { Records: [] }, { Records: [] }])
    expect(warm.invocations).toBe(4)
  })

  test('does nothing while they are warm, and asks again after that', () => {
    const { payloads, warm } = prewarmer(2)
    for (const nowMs of [0, 100, WARM_MS - 1]) warm.prewarm(nowMs)
    expect(payloads.length).toBe(2)
    warm.prewarm(WARM_MS)
    expect(payloads.length).toBe(4)
  })

  test('work keeps them warm', () => {
    const { payloads, warm } = prewarmer(1)
    warm.worked(1_000)
    warm.prewarm(1_000 + WARM_MS - 1)
    expect(payloads).toEqual([])
    warm.prewarm(1_000 + WARM_MS)
    expect(payloads.length).toBe(1)
  })

  test('that fails is no failure of the node and counts as a call', async () => {
    const { warm } = prewarmer(3, async () => {
      throw new Error('throttled')
    })
    warm.prewarm(0)
    await settled()
    expect(warm.invocations).toBe(3)
  })
})

describe('keeping warm', () => {
  const EVERY_MS = 240_000

  /** A prewarmer over a clock that the test moves, and how many calls it has made at which time. */
  function keeping(lanes: number, everyMs = EVERY_MS) {
    const clock = new ManualClock()
    const calls = new Map<number, unknown[]>()
    const invoke = async (payload: unknown) => {
      const nowMs = clock.monotonicMs()
      calls.set(nowMs, [...(calls.get(nowMs) ?? []), payload])
      return null
    }
    const warm = new Prewarmer({ invoke }, lanes, logger, everyMs, clock)
    const rounds = () => [...calls].map(([atMs, payloads]) => [atMs, payloads.length])
    return { clock, warm, calls, rounds }
  }

  test.each([
    [0, EVERY_MS, EVERY_MS],
    [1_000, 10, 1_010],
    [Number.NEGATIVE_INFINITY, EVERY_MS, Number.NEGATIVE_INFINITY],
    [0, 0, null],
  ])('after a call at %s ms, every %s ms: due at %s ms', (lastMs, everyMs, dueMs) => {
    expect(keepWarmAtMs(lastMs, everyMs)).toBe(dueMs)
  })

  test('of some lanes leaves the others to be warmed up before a spike', async () => {
    const { clock, warm, rounds } = keeping(100)
    warm.start()
    await clock.pass(1_000)
    warm.prewarm(clock.monotonicMs())
    expect(rounds()).toEqual([
      [0, 16],
      [1_000, 100],
    ])
    warm.stop()
  })

  test('calls an instance a lane at the start and then as often as is set', async () => {
    const { clock, warm, rounds } = keeping(4)
    warm.start()
    await clock.pass(2 * EVERY_MS + 1_000)
    expect(rounds()).toEqual([
      [0, 4],
      [EVERY_MS, 4],
      [2 * EVERY_MS, 4],
    ])
    expect(warm.invocations).toBe(12)
    warm.stop()
  })

  test('asks the instances to stay at work for a moment, so that no one of them takes two calls', async () => {
    const { clock, warm, calls } = keeping(1)
    warm.start()
    await clock.pass(1)
    expect([...calls.values()]).toEqual([[{ Records: [], holdMs: 50 }]])
    warm.stop()
  })

  test('waits while there is work, and while instances were started for work', async () => {
    const { clock, warm, rounds } = keeping(2)
    warm.start()
    await clock.pass(EVERY_MS - 1_000)
    warm.worked(clock.monotonicMs())
    await clock.pass(EVERY_MS - 1_000)
    warm.prewarm(clock.monotonicMs())
    await clock.pass(EVERY_MS - 1)
    expect(rounds()).toEqual([
      [0, 2],
      [2 * EVERY_MS - 2_000, 2],
    ])
    await clock.pass(1)
    expect(rounds().at(-1)).toEqual([3 * EVERY_MS - 2_000, 2])
    warm.stop()
  })

  test('keeps 16 warm at most, and lanes that are added later as well', async () => {
    const { clock, warm, rounds } = keeping(2)
    warm.start()
    await clock.pass(1)
    warm.lanes = 100
    await clock.pass(EVERY_MS)
    expect(rounds()).toEqual([
      [0, 2],
      [EVERY_MS, 16],
    ])
    warm.stop()
  })

  test.each([
    ['switched off', 0],
    ['stopped', EVERY_MS],
  ])('%s, it leaves no timer', async (_, everyMs) => {
    const { clock, warm } = keeping(2, everyMs)
    warm.start()
    await clock.pass(1)
    warm.stop()
    expect(clock.pending).toBe(0)
  })
})
