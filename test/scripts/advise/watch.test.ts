import { describe, expect, test } from '@jest/globals'
import { FlinkUnread } from '../../../flink/rest/flink-rest'
import type { JobReading, VertexReading } from '../../../flink/rest/job-metrics'
import type { Look } from '../../../scripts/advise/observation'
import { lookFrom, watch } from '../../../scripts/advise/watch'

const vertex = (more: Partial<VertexReading>): VertexReading => ({
  ...{ id: 'a', name: 'a', parallelism: 2, status: 'RUNNING', isSource: false, recordsIn: 0, recordsOut: 0 },
  ...{ busyMs: null, backPressuredMs: null, idleMs: null, pendingRecords: null, lateRecords: null },
  ...more,
})

const reading = (atMs: number, more: Partial<JobReading> = {}): JobReading => ({
  ...{ jobId: 'j', name: 'job', state: 'RUNNING', atMs, startedAtMs: 0, restarts: 0 },
  checkpoints: { inProgress: 0, completed: 0, failed: 0, last: null, lastFailure: null },
  vertices: [vertex({ isSource: true, recordsIn: atMs, pendingRecords: 7, busyMs: 3 }), vertex({ id: 'b' })],
  ...more,
})

/** A watch over answers, one a look, under a clock that goes on by sleeping alone. */
async function watched(answers: (nowMs: number) => JobReading | FlinkUnread, stop = new AbortController()) {
  let nowMs = 0
  const shown: number[] = []
  const said: string[] = []
  const result = await watch({
    read: async () => {
      const answer = answers(nowMs)
      if (answer instanceof FlinkUnread) throw answer
      return answer
    },
    ...{ everyMs: 2_000, forMs: 10_000, stop: stop.signal, nowMs: () => nowMs },
    sleep: async (ms) => {
      nowMs += ms
    },
    onLook: (_: Look, elapsedMs) => shown.push(elapsedMs),
    say: (text) => said.push(text),
  })
  return { ...result, shown, said }
}

const away = () => new FlinkUnread('flink_unreachable', 'nobody there')

describe('a watch', () => {
  test('looks at once, again and again, and when its time is over', async () => {
    const { shown, end } = await watched((nowMs) => reading(nowMs))
    expect([shown, end]).toEqual([[0, 2_000, 4_000, 6_000, 8_000, 10_000], 'time'])
  })

  test('ends when it is stopped, with what was seen', async () => {
    const stop = new AbortController()
    const { looks, end } = await watched((nowMs) => {
      if (nowMs === 4_000) stop.abort()
      return reading(nowMs)
    }, stop)
    expect([looks.length, end]).toEqual([3, 'stopped'])
  })

  test('ends with the job', async () => {
    const { end } = await watched((nowMs) => reading(nowMs, { state: nowMs < 3_000 ? 'RUNNING' : 'FINISHED' }))
    expect(end).toBe('job-over')
  })

  test('goes on over a time without an answer, and says so', async () => {
    const { looks, said, end } = await watched((nowMs) => (nowMs === 4_000 ? away() : reading(nowMs)))
    expect([looks.length, end]).toEqual([5, 'time'])
    expect(said).toEqual([expect.stringMatching(/nobody there; asking again/)])
  })

  test('cannot begin without an answer', async () => {
    await expect(watched(away)).rejects.toMatchObject({ code: 'flink_unreachable' })
  })
})

describe('a look', () => {
  test('has what all sources took, what waits for them, and the work of each part that says', () => {
    const vertices = [
      vertex({ isSource: true, recordsIn: 100, pendingRecords: 5, busyMs: 30 }),
      vertex({ id: 'b', isSource: true, recordsIn: 0, recordsOut: 40, pendingRecords: 2 }),
      vertex({ id: 'c', recordsIn: 9_999, busyMs: 70, parallelism: 4 }),
    ]
    expect(lookFrom(reading(1_000, { vertices, restarts: 3 }))).toEqual({
      ...{ atMs: 1_000, taken: 140, waiting: 7, restarts: 3 },
      busy: [
        { part: 'a', ms: 30, subtasks: 2 },
        { part: 'c', ms: 70, subtasks: 4 },
      ],
    })
  })

  test('is none before Flink has the counts of the sources: they would seem to come all at once', () => {
    expect(lookFrom(reading(1_000, { vertices: [vertex({ isSource: true, recordsIn: null })] }))).toBeNull()
  })
})
