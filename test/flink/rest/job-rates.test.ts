import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { JobReading, VertexReading } from '../../../flink/rest/job-metrics'
import { lagOf, lagSeconds, ratesBetween } from '../../../flink/rest/job-rates'

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
