import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from '@jest/globals'
import Fastify, { type FastifyInstance } from 'fastify'
import { askPrometheus, stepFor } from '../../../scripts/advise/prometheus'

type Values = readonly (readonly [atS: number, value: string])[]

const servers: FastifyInstance[] = []
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())))

/** A Prometheus that knows some queries, each with its series. */
async function prometheus(known: Readonly<Record<string, readonly Values[]>>) {
  const server = Fastify()
  const asked: unknown[] = []
  server.get('/api/v1/query_range', async (request, reply) => {
    asked.push({ ...(request.query as object), authorization: request.headers.authorization })
    const series = known[(request.query as { query: string }).query]
    if (series === undefined) {
      return reply.code(400).send({ status: 'error', errorType: 'bad_data', error: 'parse error: no such thing' })
    }
    return {
      status: 'success',
      data: { resultType: 'matrix', result: series.map((values) => ({ metric: {}, values })) },
    }
  })
  servers.push(server)
  await server.listen({ port: 0, host: '127.0.0.1' })
  const url = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`
  return { asked, source: (query: string) => ({ kind: 'prometheus', url, query, stepMs: 60_000 }) as const }
}

const NOW_MS = 6_000_000
const FOR_MS = 180_000
const RATES: Values = [
  [5_820, '1'],
  [5_880, '100'],
  [5_940, '400'],
  [6_000, '200'],
]

describe('the load by Prometheus', () => {
  test('is a rate a step, each for the step before it', async () => {
    const { source, asked } = await prometheus({ rate: [RATES] })
    const seen = await askPrometheus(source('rate'), FOR_MS, NOW_MS)
    expect(seen).toMatchObject({ binSeconds: 60, arrived: [6_000, 24_000, 12_000], isGap: [false, false, false] })
    expect(asked).toEqual([{ query: 'rate', start: '5820', end: '6000', step: '60' }])
  })

  test('with what waits, what was taken is known too', async () => {
    const lag: Values = [
      [5_820, '0'],
      [5_880, '0'],
      [5_940, '9000'],
      [6_000, '3000'],
    ]
    const { source } = await prometheus({ rate: [RATES], lag: [lag], busy: [RATES.map(([at]) => [at, '0.5'])] })
    const seen = await askPrometheus({ ...source('rate'), lagQuery: 'lag', busyQuery: 'busy' }, FOR_MS, NOW_MS)
    expect(seen).toMatchObject({ taken: [6_000, 15_000, 18_000], waiting: [0, 9_000, 3_000], busy: [0.5, 0.5, 0.5] })
  })

  test('has gaps where there is no point, or none that is a number', async () => {
    const { source } = await prometheus({ rate: [[RATES[0]!, [5_880, 'NaN'], RATES[3]!]] })
    const seen = await askPrometheus(source('rate'), FOR_MS, NOW_MS)
    expect(seen).toMatchObject({ arrived: [0, 0, 12_000], isGap: [true, true, false] })
  })

  test('is never asked for in more points than Prometheus answers', () => {
    for (const days of [0.01, 1, 7, 30, 366]) expect((days * 86_400) / stepFor(days * 86_400_000)).toBeLessThan(11_000)
    expect(stepFor(7 * 86_400_000)).toBe(60)
  })

  test('a token goes with each question', async () => {
    const { source, asked } = await prometheus({ rate: [RATES] })
    await askPrometheus({ ...source('rate'), token: 'secret' }, FOR_MS, NOW_MS)
    expect(asked).toMatchObject([{ authorization: 'Bearer secret' }])
  })
})

describe('what Prometheus cannot answer is said with what to do', () => {
  test.each([
    ['many', [RATES, RATES], 'not_understood', /2 series: make one of them, such as sum\(many\)/],
    ['none', [], 'nothing_seen', /none gives nothing in that time/],
  ])('a query with %s series', async (query, series, code, message) => {
    const { source } = await prometheus({ [query]: series })
    const asking = askPrometheus(source(query), FOR_MS, NOW_MS)
    await expect(asking).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
  })

  test('a query that is none', async () => {
    const { source } = await prometheus({})
    const asking = askPrometheus(source('su('), FOR_MS, NOW_MS)
    await expect(asking).rejects.toMatchObject({ code: 'refused', message: expect.stringMatching(/parse error/) })
  })

  test('an address where nothing listens', async () => {
    const asking = askPrometheus({ kind: 'prometheus', url: 'http://127.0.0.1:1', query: 'q' }, FOR_MS, NOW_MS)
    await expect(asking).rejects.toMatchObject({ code: 'unreachable', retryable: true })
  })
})
