import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { LoadError } from '../../../scripts/load/load-error'
import { openSchedule, scheduleOf } from '../../../scripts/load/schedule/open-schedule'
import type { TraceProfile } from '../../../scripts/load/schedule/profile'

const text = `# a comment
# another
start_s,events
0,10
60,0
120,30
180,20
`

const profile = (more: Partial<TraceProfile> = {}): TraceProfile => ({
  kind: 'trace',
  file: 'my.csv',
  meanRate: null,
  speedup: 1,
  fromSeconds: null,
  toSeconds: null,
  ...more,
})
const replay = (more: Partial<TraceProfile> = {}, trace = text, seconds: number | null = null) =>
  scheduleOf(profile(more), seconds, 1, trace)

describe('a rate trace', () => {
  test('is replayed as it is: its events, evenly within their bins, for its length', () => {
    const schedule = replay()
    expect(schedule.total).toBe(60)
    expect(schedule.durationMs).toBe(240_000)
    expect(Array.from({ length: 10 }, (_, n) => schedule.timeOf(n))).toEqual(
      Array.from({ length: 10 }, (_, n) => 3000 + n * 6000),
    )
    expect([60, 120, 180, 240].map((second) => schedule.dueAt(second * 1000))).toEqual([10, 10, 40, 60])
  })

  test('has the mean rate it was given, whatever the speedup', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 100 }), (meanRate, speedup) => {
        const { total, durationMs } = replay({ meanRate, speedup })
        expect(durationMs).toBeCloseTo(240_000 / speedup)
        expect(Math.abs(total - (meanRate * durationMs) / 1000)).toBeLessThanOrEqual(0.5 + 1e-6)
      }),
    )
  })

  test('keeps its own mean rate under a speedup', () => {
    const { total, durationMs } = replay({ speedup: 4 })
    expect([total, durationMs]).toEqual([15, 60_000])
  })

  test('keeps its shape when scaled', () => {
    const schedule = replay({ meanRate: 100, speedup: 60 })
    expect([1, 2, 3, 4].map((second) => schedule.dueAt(second * 1000))).toEqual([67, 67, 267, 400])
  })

  test('can be sliced in its own time, through the middle of a bin', () => {
    const schedule = replay({ fromSeconds: 150, toSeconds: 210 })
    expect([schedule.durationMs, schedule.total]).toEqual([60_000, 25])
    expect(schedule.dueAt(30_000)).toBe(15)
  })

  test('scales the slice, not the whole, to the mean rate', () => {
    const schedule = replay({ fromSeconds: 150, toSeconds: 210, meanRate: 10, speedup: 6 })
    expect([schedule.durationMs, schedule.total]).toEqual([10_000, 100])
  })

  test('ends with the seconds when they are shorter', () => {
    const schedule = replay({}, text, 150)
    expect([schedule.durationMs, schedule.total]).toEqual([150_000, 25])
    expect(replay({}, text, 1000).durationMs).toBe(240_000)
  })

  test('takes a missing row as a time without events and may begin anywhere', () => {
    const schedule = replay({}, 'start_s,events\n1000,5\n1001,5\n1003,5\n')
    expect([schedule.durationMs, schedule.total]).toEqual([4000, 15])
    expect([1, 2, 3, 4].map((second) => schedule.dueAt(second * 1000))).toEqual([5, 10, 10, 15])
  })

  test.each([
    ['without a header', '0,1\n1,1\n', 'must be "start_s,events"'],
    ['with a single row', 'start_s,events\n0,1\n', 'at least two rows'],
    ['out of order', 'start_s,events\n5,1\n1,1\n', 'in the order'],
    ['with a cell that is no number', 'start_s,events\n0,1\n# why\n1,many\n', 'line 4: events must be a number'],
    ['with an empty cell', 'start_s,events\n0,1\n,1\n', 'line 3: start_s must be a number'],
    ['with a negative count', 'start_s,events\n0,1\n1,-1\n', 'line 3: events'],
    ['with a third column', 'start_s,events\n0,1,2\n1,1\n', 'line 2: a row has two columns'],
    ['without events', 'start_s,events\n0,0\n1,0\n', 'no events between 0 s and 2 s'],
  ])('%s is refused by name and line', (_, trace, message) => {
    expect(() => replay({}, trace)).toThrow(LoadError)
    expect(() => replay({}, trace)).toThrow(message)
    expect(() => replay({}, trace)).toThrow('my.csv')
  })

  test('with an empty slice is refused', () => {
    expect(() => replay({ fromSeconds: 100, toSeconds: 100 })).toThrow('nothing lies between')
  })

  test('that does not exist is refused by name', async () => {
    await expect(openSchedule(profile({ file: '/no/such.csv' }), null, 1)).rejects.toThrow(
      'The rate trace /no/such.csv cannot be read',
    )
  })
})

describe('a schedule', () => {
  test('without events is refused', async () => {
    await expect(openSchedule({ kind: 'constant', rate: 0.1 }, 1, 1)).rejects.toThrow('has no event')
  })

  test('over a week is refused', async () => {
    await expect(openSchedule({ kind: 'constant', rate: 1 }, 700_000, 1)).rejects.toThrow('longer than 7 days')
  })
})
