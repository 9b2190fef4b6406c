import { describe, expect, test } from '@jest/globals'
import type { FlinkUnread } from '../../../flink/rest/flink-rest'
import { FlinkRest } from '../../../flink/rest/flink-rest'
import { chooseJob, flinkVersion, JobReader, listJobs } from '../../../flink/rest/job-metrics'
import { fakeFlinks, JOB_ID } from './fake-flink'

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
