import { afterEach, describe, expect, jest, test } from '@jest/globals'
import { exposition } from '../../../edge-node/http/metrics/exposition'
import { by, counter, gauge, histogram, RequestCounts } from '../../../edge-node/http/metrics/family'
import { METRICS } from '../../../edge-node/http/metrics/metrics'
import { Buckets } from '../../../edge-node/observe/histogram'
import { eventually } from '../../support/eventually'
import { event, type TestNode, testNodes } from '../../support/fixture'
import { type Scrape, scrapeOf } from '../../support/scrape'
import { fillDisk } from '../../support/temporary-folder'

const { start } = testNodes()
afterEach(() => {
  jest.restoreAllMocks()
})

const scrape = async ({ app }: TestNode): Promise<Scrape> => scrapeOf((await app.inject('/metrics')).body)

describe('the text', () => {
  test('has help, type and value, with what labels need escaped', () => {
    const metrics = [
      counter('a_total', 'Back\\slash\nand line.', () => 1),
      gauge('b', 'With labels.', () => by('path', { 'C:\\"x"\n': 0.5 })),
      gauge('c', 'Not known.', () => null),
      gauge('d', 'Odd.', () => Number.NEGATIVE_INFINITY),
    ]
    expect(exposition(metrics, null).split('\n').filter(Boolean)).toEqual([
      '# HELP a_total Back\\\\slash\\nand line.',
      '# TYPE a_total counter',
      'a_total 1',
      '# HELP b With labels.',
      '# TYPE b gauge',
      'b{path="C:\\\\\\"x\\"\\n"} 0.5',
      '# HELP c Not known.',
      '# TYPE c gauge',
      '# HELP d Odd.',
      '# TYPE d gauge',
      'd -Inf',
    ])
  })

  test('has histograms with buckets that hold those below them', () => {
    const buckets = new Buckets([0.1, 1])
    for (const ms of [100, 101, 5_000, -3]) buckets.record(ms)
    buckets.record(200, 10)
    const text = exposition([histogram('h_seconds', 'How long.', () => buckets.read())], null)
    const { value } = scrapeOf(text)
    expect([0.1, 1, '+Inf'].map((le) => value('h_seconds_bucket', { le: `${le}` }))).toEqual([2, 13, 14])
    expect(value('h_seconds_count')).toBe(14)
    expect(value('h_seconds_sum')).toBeCloseTo(7.201)
  })
})

describe('the metrics', () => {
  test('have names and units as is usual, and say what they are', () => {
    expect(new Set(METRICS.map(({ name }) => name)).size).toBe(METRICS.length)
    for (const { name, kind, help } of METRICS) {
      expect(name).toMatch(/^spillway_[a-z][a-z0-9_]*$/)
      expect(name).not.toMatch(/_(ms|millis|kb|percent|usd)(_|$)/)
      expect(name.endsWith('_total')).toBe(kind === 'counter')
      if (kind === 'histogram') expect(name).toMatch(/_seconds$/)
      expect(help).toMatch(/^\S.*\.$/)
    }
  })

  test('have no gauge that ends like a counter, also of those of the process', async () => {
    const { body } = await (await start()).app.inject('/metrics')
    const kinds = [...body.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, kind]) => ({ name, kind }))
    expect(kinds.filter(({ name, kind }) => name!.endsWith('_total') && kind !== 'counter')).toEqual([])
  })

  test('count events by what became of them', async () => {
    const node = await start({ config: { mode: 'never' } })
    await node.post([event('a', 1), event('a', 2, 'poison'), '{'].join('\n'))
    await eventually(async () => expect((await node.status()).events.pending).toBe(0))
    await node.app.inject({ method: 'POST', url: '/v1/burst', payload: { mode: 'always' } })
    await node.post([event('b', 3), event('b', 14)].join('\n'))
    await node.windows(1)
    await node.post(event('late', 1))
    const { value } = await scrape(node)
    const outcomes = ['edge', 'burst', 'dead_letter', 'late', 'rejected']
    expect(outcomes.map((outcome) => value('spillway_events_total', { outcome }))).toEqual([1, 2, 1, 1, 1])
    expect(value('spillway_events_accepted_total')).toBe(4)
    expect(value('spillway_windows_final_total')).toBe(1)
    expect(value('spillway_windows_final_with_burst_total')).toBe(1)
    expect(value('spillway_put_to_partial_seconds_count')).toBe(value('spillway_burst_envelopes_total'))
    for (const part of ['linger', 'turn', 'put', 'lane', 'fold', 'read'])
      expect(value('spillway_burst_part_seconds_count', { part })).toBe(value('spillway_burst_envelopes_total'))
    expect(value('spillway_window_latency_seconds_count')).toBe(1)
    expect(value('spillway_processing_delay_seconds_count')).toBe(4)
    expect(value('spillway_ack_seconds_count')).toBe(3)
    expect(value('spillway_log_flush_seconds_count')).toBeGreaterThan(0)
    expect(value('spillway_cloud_kinesis_records_total')).toBeGreaterThan(0)
    expect(value('spillway_cloud_cost_dollars_total')).toBeGreaterThan(0)
    expect(value('spillway_mode', { mode: 'always' })).toBe(1)
  })

  test('say that it is not ready, and why, when the log cannot be written', async () => {
    const node = await start()
    await node.post(event('a', 1))
    await fillDisk()
    await node.post(event('a', 2))
    const { value } = await scrape(node)
    expect([value('spillway_ready'), value('spillway_log_healthy')]).toEqual([0, 0])
    const refused = { route: '/v1/events', method: 'POST', status: '503' }
    expect(value('spillway_http_requests_total', refused)).toBe(1)
  })

  test('count envelopes that came back, and say that the cloud is away', async () => {
    const node = await start({ config: { mode: 'always' } })
    node.cloud.away = true
    for (let second = 1; second <= 4; second++) {
      await node.post(event('a', second))
      await eventually(async () => expect((await node.status()).events.pending).toBe(0))
    }
    const { value } = await scrape(node)
    expect(value('spillway_reclaims_total')).toBe(3)
    expect(value('spillway_send_failures_total')).toBe(3)
    expect(value('spillway_cloud', { state: 'away' })).toBe(1)
    expect(value('spillway_put_to_partial_seconds_count')).toBe(0)
    expect(value('spillway_in_flight_envelopes')).toBe(0)
  })

  test('come with those of the process', async () => {
    const node = await start()
    const answer = await node.app.inject('/metrics')
    expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
    const { value } = scrapeOf(answer.body)
    expect(value('process_resident_memory_bytes')).toBeGreaterThan(1e6)
    expect(value('process_cpu_seconds_total')).toBeGreaterThan(0)
  })

  test('a value that is not known is left out', async () => {
    const node = await start()
    expect((await scrape(node)).series.has('spillway_disk_free_bytes')).toBe(true)
    node.diskSpace.freeBytes = null
    const { series } = await scrape(node)
    expect(series.has('spillway_disk_free_bytes')).toBe(false)
    expect(series.has('spillway_watermark_timestamp_seconds')).toBe(false)
  })
})

describe('labels', () => {
  test('have few values, whatever clients ask for', async () => {
    const node = await start()
    for (let number = 0; number < 50; number++) {
      await node.app.inject(`/nowhere/${number}`)
      await node.app.inject(`/v1/windows?key=${number}`)
      await node.post(event(`key ${number}`, number))
    }
    const { text } = await scrape(node)
    expect(text.split('\n').filter((line) => line.startsWith('spillway_http_requests_total'))).toHaveLength(3)
    expect(text).not.toMatch(/nowhere|key /)
  })

  test('of a request that found no route are all the same', () => {
    const counts = new RequestCounts()
    for (const method of ['GET', 'BREW']) counts.add(undefined, method, 404)
    expect(counts.all()).toEqual([{ labels: { route: 'none', method: 'any', status: '404' }, value: 2 }])
  })
})
