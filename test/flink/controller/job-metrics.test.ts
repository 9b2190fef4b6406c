import { expect, jest, test } from '@jest/globals'
import { METRICS } from '../../../edge-node/http/metrics/metrics'
import { ALL_JOB_METRICS } from '../../../flink/controller/job-metrics'
import { JOB_LABELS } from '../../../lab/docs/metrics'
import { scrapeOf } from '../../support/scrape'
import { fakeFlinks } from '../rest/fake-flink'
import { runningSidecars } from '../sidecar/running-sidecar'
import { controllers } from './running-controller'

jest.setTimeout(30_000) // sockets, and a sidecar that is waited for

const startFlink = fakeFlinks()
const startSidecar = runningSidecars()
const control = controllers()

test('a scrape has every metric of a job, with the labels that the reference names', async () => {
  const sidecars = { a: (await startSidecar({ mode: 'auto' })).address }
  const { app, round } = control({ flink: (await startFlink({ pending: 7 })).url, sidecars })
  for (let times = 0; times < 3; times++) await round()
  const { body } = await app.inject('/metrics')
  for (const { name } of ALL_JOB_METRICS) expect(body).toContain(`# TYPE ${name} `)
  const ours = [...scrapeOf(body).series].filter(([name]) => name.startsWith('spillway_'))
  const labelled = ours.map(
    ([name, { labels }]) => [name, [...labels.keys()].filter((label) => label !== 'le')] as const,
  )
  expect(Object.fromEntries(labelled.filter(([, labels]) => labels.length > 0))).toEqual(JOB_LABELS)
  expect(body).toContain('spillway_job_lag_records 7')
  expect(body).toContain('spillway_sidecar_heard{sidecar="a"} 1')
})

test('what a node has too has the same kind and says the same', () => {
  const ofNode = new Map(METRICS.map((metric) => [metric.name, metric]))
  for (const { name, kind } of ALL_JOB_METRICS) expect([name, ofNode.get(name)?.kind ?? kind]).toEqual([name, kind])
  expect(new Set(ALL_JOB_METRICS.map(({ name }) => name)).size).toBe(ALL_JOB_METRICS.length)
})
