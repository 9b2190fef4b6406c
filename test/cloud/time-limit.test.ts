import { runInNewContext } from 'node:vm'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { timeLimit } from '../../cloud/time-limit'
import { TimedOut } from '../../core/time-limit'
import { ManualClock } from '../edge-node/manual-clock'

const LIMIT_MS = 800
const SLACK_MS = 100 // an eighth of the limit

/** Work that settles when it is told to. */
function open<T>() {
  let resolve: (value: T) => void = () => {}
  let reject: (error: unknown) => void = () => {}
  const promise = new Promise<T>((...settle) => {
    ;[resolve, reject] = settle
  })
  return { promise, resolve, reject }
}

/** How a promise stands. */
function watched(promise: Promise<unknown>) {
  const seen: { state: 'pending' | 'done' | 'failed'; value: unknown } = { state: 'pending', value: undefined }
  promise.then(
    (value) => Object.assign(seen, { state: 'done', value }),
    (value) => Object.assign(seen, { state: 'failed', value }),
  )
  return seen
}

describe('work within its time', () => {
  test('settles as it does, and leaves no timer behind', async () => {
    const clock = new ManualClock()
    const limit = timeLimit(clock)
    const [good, bad] = [open<number>(), open<number>()]
    const seen = [watched(limit(good.promise, LIMIT_MS)), watched(limit(bad.promise, LIMIT_MS))]
    expect(clock.pending).toBe(1)
    good.resolve(7)
    bad.reject('no')
    await clock.pass(0)
    expect(seen).toEqual([
      { state: 'done', value: 7 },
      { state: 'failed', value: 'no' },
    ])
    expect(clock.pending).toBe(0)
  })

  test('may be any thenable, also one whose `then` throws', async () => {
    const limit = timeLimit(new ManualClock())
    const foreign: PromiseLike<unknown> = runInNewContext('({ then: (resolve) => resolve("foreign") })')
    const hostile: PromiseLike<unknown> = runInNewContext('({ then: () => { throw "hostile" } })')
    expect(await limit(foreign, LIMIT_MS)).toBe('foreign')
    await expect(limit(hostile, LIMIT_MS)).rejects.toBe('hostile')
  })
})

describe('work that hangs', () => {
  test('is given up after its limit, by an eighth of it late at most', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(3 * LIMIT_MS), { minLength: 1, maxLength: 8 }), async (pauses) => {
        const clock = new ManualClock()
        const limit = timeLimit(clock)
        const tookMs: number[] = []
        for (const pauseMs of pauses) {
          const beganMs = clock.monotonicMs()
          limit(new Promise(() => {}), LIMIT_MS).catch(() => tookMs.push(clock.monotonicMs() - beganMs))
          await clock.pass(pauseMs)
        }
        await clock.pass(2 * LIMIT_MS)
        expect(tookMs).toHaveLength(pauses.length)
        for (const ms of tookMs) {
          expect(ms).toBeGreaterThanOrEqual(LIMIT_MS)
          expect(ms).toBeLessThanOrEqual(LIMIT_MS + SLACK_MS)
        }
        expect(clock.pending).toBe(0)
      }),
      { numRuns: 30 },
    )
  })

  test('fails with the limit in words, and what it comes to later is ignored', async () => {
    const clock = new ManualClock()
    const work = open<number>()
    const seen = watched(timeLimit(clock)(work.promise, LIMIT_MS))
    await clock.pass(LIMIT_MS + SLACK_MS)
    work.resolve(1)
    await clock.pass(0)
    expect(seen).toEqual({ state: 'failed', value: new TimedOut(LIMIT_MS) })
    expect((seen.value as Error).message).toBe('no answer within 800 ms')
  })

  test('holds up no other, and each limit is its own', async () => {
    const clock = new ManualClock()
    const limit = timeLimit(clock)
    const [short, long] = [watched(limit(new Promise(() => {}), 80)), watched(limit(new Promise(() => {}), 8_000))]
    await clock.pass(100)
    expect([short.state, long.state]).toEqual(['failed', 'pending'])
    await clock.pass(9_000)
    expect(long.state).toBe('failed')
  })

  test('has one timer for all of it', async () => {
    const clock = new ManualClock()
    const limit = timeLimit(clock)
    for (let calls = 0; calls < 100; calls++) limit(new Promise(() => {}), LIMIT_MS).catch(() => undefined)
    expect(clock.pending).toBe(1)
  })
})

test('a process that was stopped has not waited in the meantime', async () => {
  let fire = () => {}
  const limit = timeLimit({
    after: (_, next) => {
      fire = next
      return () => {}
    },
  })
  const work = open<number>()
  const seen = watched(limit(work.promise, LIMIT_MS))
  fire() // an hour late
  work.resolve(1)
  await new Promise(setImmediate)
  expect(seen).toEqual({ state: 'done', value: 1 })
})

test('on this machine its timer keeps the process alive until the work is given up', async () => {
  await expect(timeLimit()(new Promise(() => {}), 8)).rejects.toThrow(TimedOut)
})
