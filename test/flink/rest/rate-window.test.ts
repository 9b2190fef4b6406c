import { describe, expect, test } from '@jest/globals'
import type { JobReading } from '../../../flink/rest/job-metrics'
import { NO_READINGS, ratesOf, withReading } from '../../../flink/rest/rate-window'

const EVERY_MS = 500

/** A job of one source, whose counters are fetched every `fetchMs` and which reads `rate` records a second. */
function readingAt(atMs: number, fetchMs: number, rate: (atMs: number) => number): JobReading {
  const fetchedMs = Math.floor(atMs / fetchMs) * fetchMs
  let recordsIn = 0
  for (let ms = 0; ms < fetchedMs; ms += 100) recordsIn += rate(ms) / 10
  const source = { id: 'v', name: 'v', parallelism: 1, status: 'RUNNING', isSource: true, recordsIn, recordsOut: 0 }
  const times = { busyMs: fetchedMs / 2, backPressuredMs: 0, idleMs: fetchedMs / 2 }
  return {
    ...{ jobId: 'j', name: 'j', state: 'RUNNING', atMs, startedAtMs: 0, restarts: 0 },
    checkpoints: { inProgress: 0, completed: 0, failed: 0, last: null, lastFailure: null },
    vertices: [{ ...source, ...times, pendingRecords: 0, lateRecords: null }],
  }
}

/** The rates that a reader sees who looks every half a second. */
function seen(seconds: number, fetchMs: number, rate: (atMs: number) => number): number[] {
  let window = NO_READINGS
  const rates: number[] = []
  for (let atMs = 0; atMs <= seconds * 1_000; atMs += EVERY_MS) {
    window = withReading(window, readingAt(atMs, fetchMs, rate))
    const now = ratesOf(window)
    if (now !== null) rates.push(now.readPerSecond)
  }
  return rates
}

describe('rates of a job that is looked at more often than its counters are fetched', () => {
  test.each([200, 1_000, 5_000, 10_000])('are those of the job, and no spikes, with a fetch every %d ms', (fetchMs) => {
    const settled = seen(60, fetchMs, () => 500).slice(-60)
    for (const rate of settled) expect(rate).toBeCloseTo(500, 0)
  })

  test('fall to nothing when nothing comes any more', () => {
    expect(seen(60, 200, (atMs) => (atMs < 20_000 ? 500 : 0)).at(-1)).toBe(0)
  })

  test('follow a step within three seconds', () => {
    const rates = seen(23, 200, (atMs) => (atMs < 20_000 ? 500 : 4_000))
    expect(rates.at(-1)).toBeGreaterThan(3_500)
  })

  test('are unknown before there are two readings, and begin anew with another job', () => {
    const first = readingAt(0, 200, () => 500)
    expect(ratesOf(withReading(NO_READINGS, first))).toBeNull()
    const other = { ...readingAt(5_000, 200, () => 500), jobId: 'k' }
    expect(ratesOf(withReading(withReading(NO_READINGS, first), other))).toBeNull()
  })
})
