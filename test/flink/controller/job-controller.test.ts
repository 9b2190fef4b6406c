import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, jest, test } from '@jest/globals'
import fc from 'fast-check'
import { zeroUsage } from '../../../core/control/cost'
import { METRICS } from '../../../edge-node/http/metrics/metrics'
import { ALL_JOB_METRICS } from '../../../flink/controller/job-metrics'
import { counted, NO_PLACE_COUNTS, type PlaceCounts, sumOfPlaces } from '../../../flink/controller/sidecar-counts'
import type { SidecarClient } from '../../../flink/sidecar/client'
import { decodeFacts, type SidecarFacts } from '../../../flink/sidecar/controller-messages'
import { KIND } from '../../../flink/sidecar/messages'
import { JOB_LABELS } from '../../../lab/docs/metrics'
import { testPipeline } from '../../support/fixture'
import { facts } from '../../support/sample-facts'
import { scrapeOf } from '../../support/scrape'
import { fakeFlinks } from '../rest/fake-flink'
import { runningSidecars } from '../sidecar/running-sidecar'
import { controllers } from './running-controller'

jest.setTimeout(30_000) // sockets, and a sidecar that is waited for

const startFlink = fakeFlinks()
const startSidecar = runningSidecars()
const control = controllers()

async function factsOf(client: SidecarClient) {
  await client.hello('test')
  return decodeFacts(await client.ask(KIND.facts))
}

/** Two sidecars and their controller, which has looked around twice: once to see, once to give what others gave up. */
async function staged(pending = 0, pipeline = testPipeline()) {
  const flink = await startFlink({ pending })
  const start = () => startSidecar({ mode: 'auto', pipeline })
  const [a, b] = [await start(), await start()]
  const made = control({ flink: flink.url, sidecars: { a: a.address, b: b.address } })
  for (let times = 0; times < 3; times++) await made.round()
  return { ...made, flink, a, b }
}

describe('the controller of a job', () => {
  test('shares out calls and money of the job among its sidecars', async () => {
    const { a, b } = await staged()
    const [ofA, ofB] = [await factsOf(a.client), await factsOf(b.client)]
    expect(ofA.limits.lanes + ofB.limits.lanes).toBe(16)
    expect(ofA.limits.maxUsdPerHour + ofB.limits.maxUsdPerHour).toBeCloseTo(10, 9)
  })

  test('shows the job and its sidecars', async () => {
    const { status } = await staged(1_200)
    expect(status()).toMatchObject({
      ...{ pipeline: 'test', ready: true, mode: 'auto' },
      edge: { backlogEvents: 1_200 },
      job: {
        ...{ name: 'spillway bids', state: 'RUNNING', parallelism: 2, lagRecords: 1_200, restarts: 0, problem: null },
        checkpoints: { completed: 41, failed: 6, lastDurationMs: 58 },
        sidecars: [
          { name: 'a', hearing: 'heard' },
          { name: 'b', hearing: 'heard' },
        ],
      },
    })
  })

  test('tells all sidecars the mode that was set', async () => {
    const { app, controller, round, a } = await staged()
    const answer = await app.inject({ method: 'POST', url: '/v1/burst', payload: { mode: 'always' } })
    expect(answer.json()).toEqual({ mode: 'always' })
    await round()
    expect((await factsOf(a.client)).mode).toBe('always')
    expect(controller.decisions.all.at(-1)).toMatchObject({
      ...{ bursting: true, reason: 'bursting is switched on for everything' },
    })
    const wrong = await app.inject({ method: 'POST', url: '/v1/burst', payload: { mode: 'now' } })
    expect([wrong.statusCode, wrong.json().code]).toEqual([400, 'invalid_mode'])
  })

  test('arms the valves of sidecars that have nothing to do while Kafka has a backlog', async () => {
    const map = async <T>(one: T) => {
      await sleep(5) // so that its rate is known, and not high
      return one
    }
    const { round, a, b, flink } = await staged(0, testPipeline({ map }))
    for (let times = 0; times < 10; times++) await a.fold(0)
    await round()
    expect((await factsOf(b.client)).bursting).toBe(false)
    flink.job.pending = 500_000
    await round()
    await round()
    await b.tick()
    const { bursting, reason } = await factsOf(b.client)
    expect([bursting, reason]).toEqual([true, expect.stringContaining('the job: queue delay')])
  })

  test('goes on when Flink does not answer, and says so', async () => {
    const { round, status, flink } = await staged()
    flink.stop()
    await round()
    await round()
    expect(status().job.problem).toContain('Flink cannot be reached')
    expect(status().ready).toBe(true)
  })
})

describe('a sidecar that does not answer', () => {
  test('keeps its share while it may go by its last orders', async () => {
    const flink = await startFlink()
    const silent = await startSidecar({ mode: 'auto' })
    const other = await startSidecar({ mode: 'auto' })
    const sidecars = { silent: silent.address, other: other.address }
    const { round, status } = control({ flink: flink.url, sidecars, timeoutMs: 1_000 })
    for (let times = 0; times < 3; times++) await round()
    const { lanes } = (await factsOf(silent.client)).limits
    silent.hush()
    for (let times = 0; times < 3; times++) await round()
    expect(status().job.sidecars[0]).toMatchObject({ hearing: 'silent', problem: 'no answer in 1000 ms' })
    expect((await factsOf(other.client)).limits.lanes).toBe(16 - lanes)
  })

  test('leaves its share to the others when nothing listens there any more', async () => {
    const { round, status, a, b } = await staged()
    a.stop()
    for (let times = 0; times < 3; times++) await round()
    expect(status().job.sidecars[0]?.hearing).toBe('gone')
    expect((await factsOf(b.client)).limits.lanes).toBe(16)
  })

  test('of another pipeline is named, and gets no orders', async () => {
    const flink = await startFlink()
    const { address } = await startSidecar({ mode: 'auto' })
    const { round, status } = control({ flink: flink.url, sidecars: { a: address }, config: { pipeline: 'bids' } })
    await round()
    expect(status().unready).toContain('the job asks for pipeline "bids"')
  })
})

describe('the metrics of a job', () => {
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
})

describe('the counts of sidecars', () => {
  /** What a sidecar says that has folded so many events. */
  function said(incarnation: string, edge: number): SidecarFacts {
    return {
      ...facts(),
      ...{ incarnation, version: 'v', transport: 'invoke', mode: 'auto', canBurst: true, bursting: false, reason: '' },
      ...{ isSending: false, decision: { route: 'edge', queueDelayMs: 0, reason: '' }, accepted: edge, usd: 0 },
      events: { edge, burst: 0, deadLettered: 0 },
      cloud: {
        ...{ state: 'usable', sentEnvelopes: edge, reclaims: 0, failedSends: 0, throttled: 0, divertMs: 0 },
        oldestInFlightMs: 0,
      },
      usage: { ...zeroUsage(), readUnits: edge },
      streamLanes: { shards: 1, parallelization: 1, consumer: 'standard' },
      putToPartial: { bounds: [1, 2], upTo: [edge, edge], count: edge, sum: edge },
      limits: { lanes: 1, maxUsdPerHour: 1 },
      ordersAgoMs: null,
    }
  }

  describe('what the sidecars of a job have done', () => {
    test('is the sum over all processes that ever were at their places, and never less than before', () => {
      const steps = fc.array(fc.record({ place: fc.nat(2), more: fc.nat(1_000), isNew: fc.boolean() }), {
        maxLength: 50,
      })
      fc.assert(
        fc.property(steps, (all) => {
          const places: PlaceCounts[] = [NO_PLACE_COUNTS, NO_PLACE_COUNTS, NO_PLACE_COUNTS]
          const own = [0, 0, 0]
          const starts = [0, 0, 0]
          let whole = 0
          for (const { place, more, isNew } of all) {
            if (isNew) {
              starts[place]! += 1
              own[place] = 0
            }
            own[place]! += more
            whole += more
            places[place] = counted(places[place]!, said(`${place}.${starts[place]}`, own[place]!))
            const { edge, usage, sentEnvelopes, putToPartial } = sumOfPlaces(places)
            expect([edge, usage.readUnits, sentEnvelopes, putToPartial.count]).toEqual([whole, whole, whole, whole])
          }
        }),
      )
    })
  })
})
