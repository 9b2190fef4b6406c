import { describe, expect, test } from '@jest/globals'
import { judgeSoak, renderSoak, type SoakFigures } from '../../../lab/bench/soak/soak-report'
import { parseLoadArguments } from '../../../scripts/load/cli'
import { scheduleOf } from '../../../scripts/load/schedule/open-schedule'
import { arrivalsPerBin } from '../../../scripts/start/arrivals'
import {
  burstAfterReleaseMs,
  burstBeforeSpike,
  flapsOf,
  precisionOf,
  reactionMs,
  usdPerHour,
} from '../../../scripts/start/burst-figures'
import { loadArgs } from '../../../scripts/start/load-process'

const LIMIT_MS = 800
const episode = {
  startedAtMs: 1_000,
  firstAcceptedAtMs: 1_100,
  lastSentAtMs: 5_400,
  envelopes: 7,
  reason: '',
  endedAtMs: null,
}
const burst = { burst: { episodes: [episode] } }
const looks = (...delays: number[]) =>
  delays.map((queueDelayMs, index) => ({ atMs: 4_000 + index * 500, queueDelayMs }))

describe('the reaction', () => {
  test('lasts from the step until the cloud took the first envelope', () => {
    expect(reactionMs({ stepStartMs: 900 }, burst)).toBe(200)
  })

  test('is unknown without a step, and without a burst after it', () => {
    expect(reactionMs({ stepStartMs: null }, burst)).toBeNull()
    expect(reactionMs({ stepStartMs: 1_101 }, burst)).toBeNull()
  })

  test('does not hide a burst that came before the step', () => {
    expect(burstBeforeSpike({ stepStartMs: 1_001 }, burst)).toBe(7)
    expect(burstBeforeSpike({ stepStartMs: 1_000 }, burst)).toBe(0)
  })
})

describe('the end of a burst', () => {
  test('counts from the look after which the queue delay stays under its limit', () => {
    // 4.5 s is under the limit, 5 s over it again, 5.5 s and later under it: it had stopped before.
    expect(burstAfterReleaseMs({ spikeEndMs: 4_000 }, looks(900, 700, 900, 700, 0), burst, LIMIT_MS)).toBe(0)
    expect(burstAfterReleaseMs({ spikeEndMs: 4_000 }, looks(900, 700, 700, 0), burst, LIMIT_MS)).toBe(900)
  })

  test('looks before the end of the spike do not count', () => {
    expect(burstAfterReleaseMs({ spikeEndMs: 4_600 }, looks(0, 0, 700), burst, LIMIT_MS)).toBe(400)
  })

  test('is unknown without a spike, and while the delay never stays under its limit', () => {
    expect(burstAfterReleaseMs({ spikeEndMs: null }, looks(0), burst, LIMIT_MS)).toBeNull()
    expect(burstAfterReleaseMs({ spikeEndMs: 4_000 }, looks(0, 900), burst, LIMIT_MS)).toBeNull()
  })
})

describe('precision', () => {
  test('is the share of what was burst that had to be', () => {
    expect(precisionOf(850, 1_000)).toBe(0.85)
  })

  test('is at most 1, and nothing is known where nothing was burst', () => {
    expect(precisionOf(1_200, 1_000)).toBe(1)
    expect(precisionOf(0, 0)).toBeNull()
  })

  test('is taken over the events due in each bin, all of them', () => {
    const schedule = scheduleOf({ kind: 'constant', rate: 1_000 }, 1.05, 1, '')
    const bins = arrivalsPerBin(schedule, 100)
    expect(bins).toHaveLength(11)
    expect(bins.reduce((sum, events) => sum + events, 0)).toBe(schedule.total)
    expect(bins[3]).toBe(100)
  })
})

test('a flap is a change of mode within 10 s of the one before', () => {
  expect(flapsOf([0, 9_999, 19_999, 25_000])).toBe(2)
  expect(flapsOf([])).toBe(0)
})

describe('dollars an hour', () => {
  test('are those of the run, going on for an hour, and the stream where it was used', () => {
    const cloud = { kinesisRecords: 1, usd: 0.001, idleUsdPerHour: 0.03 }
    expect(usdPerHour({ seconds: 60 }, cloud)).toBeCloseTo(0.09)
    expect(usdPerHour({ seconds: 60 }, { ...cloud, kinesisRecords: 0 })).toBeCloseTo(0.06)
  })
})

describe('the command line of the load', () => {
  const order = { url: 'http://127.0.0.1:1', pipeline: 'bids', seed: 3, folder: '/tmp/x' } as const

  test.each([
    { kind: 'constant', rate: 10, seconds: 5 },
    { kind: 'spike', rate: 10, peak: 40, seconds: 30, spikeSeconds: 10, spikeStart: 8 },
    { kind: 'sine', rate: 10, peak: 20, seconds: 5, periodSeconds: 2 },
    { kind: 'trace', file: 'a.csv', meanRate: 10, speedup: 2 },
  ] as const)('is understood by the load: $kind', (shape) => {
    const command = parseLoadArguments(loadArgs({ ...order, shape }))
    expect(command).toMatchObject({ isQuiet: true, options: { seed: 3, profile: { kind: shape.kind } } })
  })
})

describe('the report of a soak', () => {
  /** Thirty days of which each figure is `of(day)`, and trials with these ack times. */
  function figures(of: (day: number) => number, [empty, filled]: readonly [number, number] = [2, 2]): SoakFigures {
    const days = Array.from({ length: 30 }, (_, index) => index + 1).map((day) => {
      const value = of(day)
      return { day, ackP99Ms: value, kept: 10, heapBytes: value, diskBytes: value, checkpointBytes: value, heldMs: 1 }
    })
    const trial = { acks: 100, heldMs: 1, checkpointBytes: 1, startMs: 1, heapBytes: 1 }
    const trials = [
      { ...trial, finals: 0, ackP99Ms: empty },
      { ...trial, finals: 600_000, ackP99Ms: filled },
    ]
    return { retentionDays: 7, windowSeconds: 60, finals: 600_000, soak: { days }, trials }
  }

  const holds = (of: SoakFigures) => judgeSoak(of).map((promise) => promise.holds)

  describe('a soak', () => {
    test('is flat when nothing grows once the retention is full, whatever it did before', () => {
      expect(holds(figures((day) => Math.min(day, 8)))).toEqual([true, true, true, true, true])
    })

    test('is not when anything grows with the days', () => {
      expect(holds(figures((day) => day))).toEqual([false, false, false, false, true])
    })

    test('has answers as fast with many finals as with none, within half as much again', () => {
      expect(holds(figures(() => 1, [2, 3])).at(-1)).toBe(true)
      expect(holds(figures(() => 1, [2, 3.1])).at(-1)).toBe(false)
    })

    test('that ended before its retention was full shows nothing', () => {
      const short = figures(() => 1)
      const days = short.soak.days.slice(0, 9)
      expect(holds({ ...short, soak: { days } })).toEqual([false, false, false, false, true])
    })

    test('is written as a table of its days', () => {
      expect(
        renderSoak(figures(() => 1))
          .markdown.split('\n')
          .filter((line) => /^\| \d+ \|/.test(line)).length,
      ).toBe(31)
    })
  })
})
