import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { FlinkRest, type FlinkUnread } from '../../../flink/rest/flink-rest'
import {
  chooseJob,
  flinkVersion,
  JobReader,
  type JobReading,
  listJobs,
  type VertexReading,
} from '../../../flink/rest/job-metrics'
import { lagOf, lagSeconds, ratesBetween } from '../../../flink/rest/job-rates'
import { NO_READINGS, ratesOf, withReading } from '../../../flink/rest/rate-window'
import { fakeFlinks, JOB_ID } from './fake-flink'

const vertex = (given: Partial<VertexReading>): VertexReading => ({
  ...{ id: 'v', name: 'v', parallelism: 2, status: 'RUNNING', isSource: true },
  ...{ recordsIn: 0, recordsOut: 0, busyMs: 0, backPressuredMs: 0, idleMs: 0, pendingRecords: 0, lateRecords: null },
  ...given,
})

const job = (atMs: number, ...vertices: Partial<VertexReading>[]): JobReading => ({
  ...{ jobId: 'j', name: 'j', state: 'RUNNING', atMs, startedAtMs: 0, restarts: 0 },
  checkpoints: { inProgress: 0, completed: 0, failed: 0, last: null, lastFailure: null },
  vertices: vertices.map(vertex),
})

describe('rates of a job are differences of its counters', () => {
  test('over the time between two readings', () => {
    const rates = ratesBetween(
      job(1_000, { recordsIn: 100, busyMs: 10, pendingRecords: 50 }),
      job(3_000, { recordsIn: 700, busyMs: 2_010, pendingRecords: 250 }),
    )
    expect(rates).toMatchObject({ seconds: 2, readPerSecond: 300, arrivedPerSecond: 400 })
    expect(rates?.vertices[0]).toMatchObject({ inPerSecond: 300, busyShare: 0.5 })
  })

  test('a task that was started again began at 0', () => {
    const rates = ratesBetween(job(0, { recordsIn: 9_000 }), job(1_000, { recordsIn: 20 }))
    expect(rates?.readPerSecond).toBe(20)
  })

  test('what was not known before is no growth', () => {
    const rates = ratesBetween(job(0, { recordsIn: null }), job(1_000, { recordsIn: 9_000 }))
    expect(rates?.readPerSecond).toBe(0)
  })

  test('there is none without time between them', () => {
    expect(ratesBetween(job(5), job(5))).toBeNull()
  })

  test('what waits before the sources only moves between arrived and read', () => {
    const counts = fc.record({ read: fc.nat(1e6), before: fc.nat(1e6), after: fc.nat(1e6) })
    fc.assert(
      fc.property(counts, ({ read, before, after }) => {
        const rates = ratesBetween(
          job(0, { recordsIn: 10, pendingRecords: before }),
          job(1_000, { recordsIn: 10 + read, pendingRecords: after }),
        )
        expect(rates?.readPerSecond).toBe(read)
        expect(rates?.arrivedPerSecond).toBe(Math.max(0, read + after - before))
      }),
    )
  })
})

describe('the lag of a job', () => {
  test('is what waits before all of its sources', () => {
    expect(lagOf(job(0, { pendingRecords: 3 }, { pendingRecords: 4 }, { pendingRecords: null }))).toBe(7)
    expect(lagOf(job(0, { pendingRecords: null }))).toBeNull()
  })

  test('in seconds is the time until what arrives now is read', () => {
    expect(lagSeconds(1_000, 500)).toBe(2)
    expect(lagSeconds(0, 0)).toBe(0)
    expect(lagSeconds(1_000, 0)).toBeNull()
    expect(lagSeconds(null, 500)).toBeNull()
  })
})

describe('the window of rates', () => {
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
    test.each([200, 1_000, 5_000, 10_000])(
      'are those of the job, and no spikes, with a fetch every %d ms',
      (fetchMs) => {
        const settled = seen(60, fetchMs, () => 500).slice(-60)
        for (const rate of settled) expect(rate).toBeCloseTo(500, 0)
      },
    )

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
})

describe('the metrics of Flink', () => {
  const start = fakeFlinks()

  const failureOf = (promise: Promise<unknown>): Promise<FlinkUnread> =>
    promise.then(
      () => Promise.reject(new Error('it succeeded')),
      (error) => error,
    )

  describe('a job is read from Flink’s REST API', () => {
    test('with cumulative counters by vertex, what waits before its sources, checkpoints and restarts', async () => {
      const { url } = await start({ pending: 1_200, restarts: 2 })
      const rest = new FlinkRest(`${url}/`)
      expect(await flinkVersion(rest)).toBe('2.2.1')
      const { jobId } = chooseJob(await listJobs(rest), undefined)
      const job = await new JobReader(rest, jobId).read()
      expect(job).toMatchObject({ jobId: JOB_ID, name: 'spillway bids', state: 'RUNNING', restarts: 2 })
      expect(job.vertices).toEqual([
        expect.objectContaining({
          ...{ isSource: true, parallelism: 2, recordsIn: 74_896, recordsOut: 1_497, busyMs: 19_962, idleMs: null },
          ...{ pendingRecords: 1_200, lateRecords: null },
        }),
        expect.objectContaining({ isSource: false, recordsIn: 1_497, pendingRecords: null, lateRecords: 3 }),
      ])
      expect(job.checkpoints).toMatchObject({ completed: 41, failed: 6, lastFailure: null })
      expect(job.checkpoints.last).toMatchObject({ id: 41, durationMs: 58, bytes: 221_489 })
    })

    test('asking for no meter, and for the names of metrics only now and then', async () => {
      const { url, asked } = await start()
      const reader = new JobReader(new FlinkRest(url), JOB_ID)
      await reader.read()
      await reader.read()
      expect(asked.filter((path) => path.includes('PerSecond'))).toEqual([])
      expect(asked.filter((path) => path.endsWith('/subtasks/metrics'))).toHaveLength(2)
    })

    test('before its first checkpoint', async () => {
      const { url } = await start({ completed: 0 })
      expect((await new JobReader(new FlinkRest(url), JOB_ID).read()).checkpoints.last).toBeNull()
    })
  })

  describe('what cannot be read says why and what to do', () => {
    test('nothing listens', async () => {
      const { url, stop } = await start()
      stop()
      const { code, retryable, message } = await failureOf(listJobs(new FlinkRest(url)))
      expect([code, retryable]).toEqual(['flink_unreachable', true])
      expect(message).toContain('--flink')
    })

    test('the job is over', async () => {
      const { url } = await start()
      const { code, retryable } = await failureOf(new JobReader(new FlinkRest(url), 'f'.repeat(32)).read())
      expect([code, retryable]).toEqual(['flink_unknown_job', true])
    })

    test('something else answers', async () => {
      const { url } = await start({ state: 7 as never })
      const { code, retryable } = await failureOf(listJobs(new FlinkRest(url)))
      expect([code, retryable]).toEqual(['flink_answer', false])
    })
  })

  describe('the job that is meant', () => {
    const job = (jobId: string, state = 'RUNNING') => ({ jobId, name: `job ${jobId}`, state })

    test('is the only one that is not over', () => {
      expect(chooseJob([job('a', 'FAILED'), job('b'), job('c', 'FINISHED')], undefined).jobId).toBe('b')
    })

    test('is the one that was asked for', () => {
      expect(chooseJob([job('a'), job('b')], 'b').jobId).toBe('b')
    })

    test.each([
      [[], undefined, 'flink_no_job'],
      [[job('a'), job('b')], undefined, 'flink_several_jobs'],
      [[job('a')], 'b', 'flink_unknown_job'],
    ])('of %j, asked for %s: %s', (jobs, asked, code) => {
      expect(() => chooseJob(jobs, asked)).toThrow(expect.objectContaining({ code }))
    })
  })
})
