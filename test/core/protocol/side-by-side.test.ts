import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { sideBySide, type Tasks, type Turn } from '../../../core/protocol/side-by-side'
import { ManualClock } from '../../support/manual-clock'

const LIMIT_MS = 800
const SLACK_MS = 100 // an eighth of the limit

/** A task that takes so many ms; null hangs, 0 is done at once. */
type Duration = number | null

/** Does tasks of these durations under a clock of their own, and notes when each began and ended. */
function doing(durations: readonly Duration[], concurrency: number) {
  const clock = new ManualClock()
  const seen = durations.map(() => ({ beganMs: -1, doneMs: -1, expiredMs: -1, late: false }))
  const running = new Set<number>()
  let most = 0
  const begin = (index: number, turn: Turn) => {
    const durationMs = durations[index]!
    seen[index]!.beganMs = clock.monotonicMs()
    if (durationMs === 0) {
      seen[index]!.doneMs = clock.monotonicMs()
      return undefined
    }
    most = Math.max(most, running.add(index).size)
    const waited = new Promise<void>((resolve) => durationMs !== null && clock.after(durationMs, resolve))
    return waited.then(() => {
      if (turn.isOver) seen[index]!.late = true
      else seen[index]!.doneMs = clock.monotonicMs()
      running.delete(index)
    })
  }
  const expired = (index: number) => {
    seen[index]!.expiredMs = clock.monotonicMs()
    running.delete(index)
  }
  const state = { finished: false, progress: 0 }
  const onProgress = (tasks: number) => {
    state.progress += tasks
  }
  const tasks: Tasks = { count: durations.length, concurrency, limitMs: LIMIT_MS, begin, expired, onProgress }
  const ended = sideBySide(tasks, clock).then(() => {
    state.finished = true
  })
  return { clock, seen, state, ended, most: () => most }
}

const duration: fc.Arbitrary<Duration> = fc.oneof(
  fc.constant(0),
  fc.constant(null),
  fc.integer({ min: 1, max: LIMIT_MS - 1 }),
  fc.integer({ min: LIMIT_MS + SLACK_MS + 1, max: 3 * LIMIT_MS }),
)

describe('law', () => {
  test('each task is done in its time or expires after it, never both, and never more are at work than are allowed', async () => {
    const some = fc.array(duration, { maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(some, fc.integer({ min: 1, max: 4 }), async (durations, concurrency) => {
        const { clock, seen, state, most } = doing(durations, concurrency)
        await clock.pass(20 * LIMIT_MS)
        expect(state.finished).toBe(true)
        expect(clock.pending).toBe(0)
        expect(state.progress).toBe(durations.length)
        expect(most()).toBeLessThanOrEqual(concurrency)
        for (const [index, { beganMs, doneMs, expiredMs }] of seen.entries()) {
          const durationMs = durations[index]!
          if (durationMs !== null && durationMs < LIMIT_MS) {
            expect([doneMs - beganMs, expiredMs]).toEqual([durationMs, -1])
          } else {
            expect(doneMs).toBe(-1)
            expect(expiredMs - beganMs).toBeGreaterThanOrEqual(LIMIT_MS)
            expect(expiredMs - beganMs).toBeLessThanOrEqual(LIMIT_MS + SLACK_MS)
          }
        }
      }),
      { numRuns: 60 },
    )
  })
})

describe('progress', () => {
  test('is told of each task as it ends: at once, in its time, or when its time is up', async () => {
    const { clock, state } = doing([0, 10, 0, 20, null], 2)
    const told: number[] = []
    for (const ms of [0, 10, 20, LIMIT_MS + SLACK_MS]) {
      await clock.pass(ms)
      told.push(state.progress)
    }
    expect(told).toEqual([2, 3, 4, 5])
  })

  test('is told once of a task whose answer comes when its time is up', async () => {
    const { clock, state } = doing([LIMIT_MS * 2, 10], 2)
    await clock.pass(LIMIT_MS * 4)
    expect(state.progress).toBe(2)
  })
})

describe('a pause', () => {
  test('longer than the limit ends no task: what was done before it does not expire as well', async () => {
    const clock = new ManualClock()
    const ended: string[] = []
    let asked = 0
    void sideBySide(
      {
        count: 2,
        concurrency: 1,
        limitMs: LIMIT_MS,
        begin: (index) =>
          new Promise<void>((resolve) => clock.after(10, resolve)).then(() => void ended.push(`${index} done`)),
        expired: (index) => void ended.push(`${index} expired`),
        pause: () => (asked++ === 1 ? new Promise((resume) => clock.after(3 * LIMIT_MS, () => resume())) : undefined),
      },
      clock,
    )
    await clock.pass(5 * LIMIT_MS)
    expect(ended).toEqual(['0 done', '1 done'])
    expect(clock.pending).toBe(0)
  })
})

describe('a task that hangs', () => {
  test('holds up the others only as far as it takes one of the places', async () => {
    const { clock, seen } = doing([null, 10, 10, 10], 2)
    await clock.pass(30)
    expect(seen.map(({ doneMs }) => doneMs)).toEqual([-1, 10, 20, 30])
  })

  test('gives its place to the next one when its time is up', async () => {
    const { clock, seen, state } = doing([null, 10], 1)
    await clock.pass(LIMIT_MS + SLACK_MS + 10)
    expect(seen[1]!.doneMs).toBeGreaterThan(0)
    expect(state.finished).toBe(true)
  })

  test('and answers late finds its turn over', async () => {
    const { clock, seen } = doing([LIMIT_MS * 2], 1)
    await clock.pass(LIMIT_MS * 3)
    expect(seen[0]).toMatchObject({ late: true, doneMs: -1 })
  })

  test('waits as long as it takes without timers', async () => {
    let end = () => {}
    const begin = () => new Promise<void>((resolve) => (end = resolve))
    const expired = () => expect(true).toBe(false)
    const done = sideBySide({ count: 1, concurrency: 1, limitMs: 1, begin, expired })
    await new Promise((resolve) => setTimeout(resolve, 20))
    end()
    await done
  })
})

describe('one timer', () => {
  test('serves all tasks, and none is left when they are done', async () => {
    const { clock, ended } = doing(Array(100).fill(5), 50)
    expect(clock.pending).toBe(50 + 1) // the tasks' own, and one
    await clock.pass(20)
    await ended
    expect(clock.pending).toBe(0)
  })

  test('is not even started where all is done at once', async () => {
    const { clock, ended } = doing([0, 0, 0], 2)
    expect(clock.pending).toBe(0)
    await ended
  })

  test('that comes an hour late counts as one tick: a process that was stopped has not waited', async () => {
    const ticks: (() => void)[] = []
    const after = (_: number, fire: () => void) => {
      ticks.push(fire)
      return () => {}
    }
    const expired: number[] = []
    const begin = () => new Promise<void>(() => {})
    const tasks = {
      count: 1,
      concurrency: 1,
      limitMs: LIMIT_MS,
      begin,
      expired: (index: number) => expired.push(index),
    }
    void sideBySide(tasks, { after })
    for (let late = 0; late < 8; late++) ticks.shift()!()
    expect(expired).toEqual([])
    ticks.shift()!()
    expect(expired).toEqual([0])
  })
})

describe('a bug', () => {
  test.each([
    [
      'throws',
      () => {
        throw new Error('a bug')
      },
    ],
    ['rejects', () => Promise.reject(new Error('a bug'))],
  ])('in a task that %s ends it all, and stops the timer', async (_, begin) => {
    const clock = new ManualClock()
    const tasks = { count: 3, concurrency: 2, limitMs: LIMIT_MS, begin, expired: () => undefined }
    await expect(sideBySide(tasks, clock)).rejects.toThrow('a bug')
    expect(clock.pending).toBe(0)
  })
})

test('nothing to do is done', async () => {
  const { ended } = doing([], 4)
  await ended
})
