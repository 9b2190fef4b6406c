import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach } from '@jest/globals'

/** What the fake says; a test changes it while it runs. */
export interface FakeJob {
  state: string
  restarts: number
  recordsIn: number
  pending: number
  busyMs: number
  completed: number
  failed: number
  nowMs: number
}

export interface FakeFlink {
  readonly url: string
  readonly job: FakeJob
  readonly asked: string[]
  stop(): void
}

export const JOB_ID = '731172379d3bf08b638897bdd0511e36'
const SOURCE = 'cbc357ccb763df2852fee8c4fc7d55f2'
const MERGE = '337adade1e207453ed3502e01d75fd03'

const checkpoint = (id: number, nowMs: number) => ({
  className: 'completed',
  id,
  status: 'COMPLETED',
  is_savepoint: false,
  trigger_timestamp: nowMs - 1_058,
  latest_ack_timestamp: nowMs - 1_000,
  checkpointed_size: 221_489,
  end_to_end_duration: 58,
})

const vertex = (id: string, name: string) => ({ id, name, parallelism: 2, status: 'RUNNING', 'end-time': -1 })

/** The answers of Flink 2.2.1 to a running job of ours, shortened; the numbers are the fake's. */
function answersOf(job: FakeJob): Readonly<Record<string, unknown>> {
  const ours = `/jobs/${JOB_ID}`
  return {
    '/overview': { taskmanagers: 1, 'flink-version': '2.2.1', 'flink-commit': '450c63e' },
    '/jobs/overview': { jobs: [{ jid: JOB_ID, name: 'spillway bids', state: job.state, 'start-time': 1 }] },
    [ours]: {
      jid: JOB_ID,
      name: 'spillway bids',
      state: job.state,
      'start-time': 1_795_833_286_654,
      now: job.nowMs,
      vertices: [vertex(SOURCE, 'Source: source -> fold'), vertex(MERGE, 'merge -> results: Writer')],
      plan: {
        nodes: [
          { id: MERGE, parallelism: 2, inputs: [{ id: SOURCE, num: 0, ship_strategy: 'HASH' }] },
          { id: SOURCE, parallelism: 2 },
        ],
      },
    },
    [`${ours}/checkpoints`]: {
      counts: { restored: 0, total: 47, in_progress: 0, completed: job.completed, failed: job.failed },
      latest: {
        completed: job.completed > 0 ? checkpoint(job.completed, job.nowMs) : null,
        failed: null,
        restored: null,
      },
      history: [],
    },
    [`${ours}/metrics?get=numRestarts`]: [{ id: 'numRestarts', value: String(job.restarts) }],
    [`${ours}/vertices/${SOURCE}/subtasks/metrics`]: ['numRecordsIn', 'Source__source.pendingRecords'].map(named),
    [`${ours}/vertices/${MERGE}/subtasks/metrics`]: ['numRecordsIn', 'merge.lateEvents'].map(named),
    [`${ours}/vertices/${SOURCE}/sums`]: [
      { id: 'numRecordsIn', sum: job.recordsIn },
      { id: 'numRecordsOut', sum: Math.floor(job.recordsIn / 50) },
      { id: 'accumulateBusyTimeMs', sum: job.busyMs },
      { id: 'accumulateIdleTimeMs', sum: 'NaN' },
      { id: 'Source__source.pendingRecords', sum: job.pending },
    ],
    [`${ours}/vertices/${MERGE}/sums`]: [
      { id: 'numRecordsIn', sum: Math.floor(job.recordsIn / 50) },
      { id: 'numRecordsOut', sum: 7 },
      { id: 'merge.lateEvents', sum: 3 },
    ],
  }
}

const named = (id: string) => ({ id })

/** Starts a JobManager that is none. */
export async function fakeFlink(given: Partial<FakeJob> = {}): Promise<FakeFlink> {
  const usual = { restarts: 0, recordsIn: 74_896, pending: 0, busyMs: 19_962, completed: 41, failed: 6 }
  const job: FakeJob = { state: 'RUNNING', nowMs: 1_795_833_381_867, ...usual, ...given }
  const asked: string[] = []
  const server = createServer(({ url = '' }, response) => {
    asked.push(url)
    const path = url.replace(/metrics\?get=.*&agg=sum$/, '').replace(/subtasks\/$/, 'sums')
    const answer = answersOf(job)[path]
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answer ?? { errors: ['Job could not be found.'] }))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const stop = () => {
    server.close()
    server.closeAllConnections()
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, job, asked, stop }
}

/** The same; they end after each test. */
export function fakeFlinks() {
  const started: FakeFlink[] = []
  afterEach(() => {
    for (const one of started.splice(0)) one.stop()
  })
  return async (given: Partial<FakeJob> = {}): Promise<FakeFlink> => {
    const flink = await fakeFlink(given)
    started.push(flink)
    return flink
  }
}
