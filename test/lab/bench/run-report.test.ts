import { describe, expect, test } from '@jest/globals'
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
    expect(command).toMatchObject({ quiet: true, options: { seed: 3, profile: { kind: shape.kind } } })
  })
})
