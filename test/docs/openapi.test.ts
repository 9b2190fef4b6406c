import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import type { LightMyRequestResponse } from 'fastify'
import type { z } from 'zod'
import { ruleOf } from '../../edge-node/http/access/routes'
import { REQUEST_ERRORS } from '../../lab/docs/errors'
import { allRejected, problem, streamReset, windowEvent } from '../../lab/docs/openapi/answers'
import { openApi } from '../../lab/docs/openapi/document'
import { FEED } from '../../lab/docs/openapi/live'
import { OPERATIONS, type Operation } from '../../lab/docs/openapi/operations'
import { event, type TestNode, testNodes } from '../support/fixture'
import { eventsOf } from './server-sent-events'

const { start, newFolder } = testNodes()

const operation = (name: string): Operation => {
  const found = OPERATIONS.find(({ method, path }) => `${method} ${path}` === name)
  if (found === undefined) throw new Error(`${name} is not described`)
  return found
}

/** The schema that the description has for this answer. */
function schemaOf(name: string, status: number): z.ZodType {
  for (const answer of operation(name).answers)
    if (answer.status === status && answer.kind === 'json') return answer.schema
  throw new Error(`${name} has no schema for ${status}`)
}

const check = (name: string, answer: LightMyRequestResponse): unknown =>
  schemaOf(name, answer.statusCode).parse(answer.json())

/** An error is one of those that the operation names. */
function checkError(name: string, answer: LightMyRequestResponse, code: keyof typeof REQUEST_ERRORS): void {
  const { status, retryable } = REQUEST_ERRORS[code]
  expect([answer.statusCode, answer.json()]).toMatchObject([status, { code, retryable }])
  problem.parse(answer.json())
  const { path, method } = operation(name)
  const { responses } = (openApi().paths as Paths)[path]![method.toLowerCase()]!
  expect(responses[status]?.$ref).toMatch(new RegExp(`[/.]${code}(\\.|$)`))
}

type Json = Record<string, unknown>
type Paths = Record<string, Record<string, { responses: Record<number, { $ref?: string }> }>>

/** Two windows of which the first is final, with a dead letter in it, and a third event that closed it. */
async function busyNode(): Promise<TestNode> {
  const node = await start({ config: { mode: 'always' } })
  await node.post([event('a', 1), event('b', 2, 'no number'), event('a', 3, 2)].join('\n'))
  await node.post([event('a', 40), '{"k": 1}'].join('\n'))
  await node.windows(1)
  return node
}

describe('the description', () => {
  test('has every route of the server, and no other', async () => {
    const { app } = await start()
    const routes = OPERATIONS.map(({ method, path }) => [method, path] as const)
    for (const [method, url] of routes)
      expect([method, url, app.hasRoute({ method, url })]).toEqual([method, url, true])
    await app.ready()
    expect(routesIn(app.printRoutes({ commonPrefix: false }))).toEqual(
      [...routes.map(([method, path]) => `${method} ${path}`), 'GET /*'].sort(),
    )
  })

  test('has no shape that nothing refers to, and one for an event', () => {
    const text = JSON.stringify(openApi())
    const { schemas } = openApi().components as { schemas: Record<string, unknown> }
    expect(Object.keys(schemas)).toContain('Event')
    expect(Object.keys(schemas).filter((name) => !text.includes(`"#/components/schemas/${name}"`))).toEqual([])
  })

  test('names the scope that the guard asks for', () => {
    const paths = openApi().paths as Record<string, Record<string, { 'x-scope': string }>>
    for (const { method, path } of OPERATIONS)
      expect(paths[path]![method.toLowerCase()]!['x-scope']).toBe(ruleOf(method, path).access)
  })

  test('has the parameters that the guard lets through, for each route', () => {
    const paths = openApi().paths as Record<string, Record<string, { parameters?: { name: string; in: string }[] }>>
    for (const { method, path } of OPERATIONS) {
      const described = paths[path]![method.toLowerCase()]!.parameters ?? []
      const names = described.filter((parameter) => parameter.in === 'query').map(({ name }) => name)
      expect([path, names.sort()]).toEqual([path, [...(ruleOf(method, path).query ?? [])].sort()])
    }
  })

  test('is served by the node', async () => {
    const { app } = await start()
    const answer = await app.inject('/openapi.json')
    expect(answer.headers['content-type']).toMatch(/^application\/json/)
    expect(answer.json()).toEqual(JSON.parse(JSON.stringify(openApi())))
  })

  test('refers to nothing that it does not have', () => {
    const document = openApi()
    const found = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path!)
    expect(found.length).toBeGreaterThan(20)
    for (const path of new Set(found)) {
      const target = path.split('/').reduce<unknown>((at, part) => (at as Record<string, unknown>)?.[part], document)
      expect([path, typeof target]).toEqual([path, 'object'])
    }
  })
})

describe('good answers are as described', () => {
  test('of events, windows, status and dead letters', async () => {
    const { app, post } = await busyNode()
    check('POST /v1/events', await post(`${event('a', 41)}\n[]\n`))
    check('GET /v1/windows', await app.inject('/v1/windows?limit=1'))
    check('GET /v1/status', await app.inject('/v1/status'))
    check('GET /v1/dead-letters', await app.inject('/v1/dead-letters'))
    check('GET /v1/dead-letters/newest', await app.inject('/v1/dead-letters/newest'))
    check('POST /v1/burst', await app.inject({ method: 'POST', url: '/v1/burst', payload: '{"mode": "never"}' }))
  })

  test('of replays and corrections', async () => {
    const { app } = await busyNode()
    const [letter] = (await app.inject('/v1/dead-letters')).json().deadLetters
    const replay = (ids: string[]) =>
      app.inject({ method: 'POST', url: '/v1/replays', payload: JSON.stringify({ ids }) })
    check('POST /v1/replays', await replay([letter.id, 'none']))
    check('GET /v1/corrections', await app.inject('/v1/corrections'))
  })

  test('of what the dashboard asks for, of health and readiness', async () => {
    const { app, diskSpace } = await busyNode()
    check('GET /v1/history', await app.inject('/v1/history'))
    check('GET /v1/latest', await app.inject('/v1/latest'))
    check('GET /healthz', await app.inject('/healthz'))
    check('GET /readyz', await app.inject('/readyz'))
    diskSpace.isLow = true
    check('GET /readyz', await app.inject('/readyz'))
  })

  test('of the streams', async () => {
    const { app } = await busyNode()
    const url = await app.listen({ host: '127.0.0.1', port: 0 })
    const [final, reset] = await eventsOf(`${url}/v1/stream`, ['window', 'reset'], { 'last-event-id': '5' })
    windowEvent.parse(final)
    streamReset.parse(reset)
    const names = Object.keys(FEED) as (keyof typeof FEED)[]
    const told = await eventsOf(`${url}/v1/live`, names)
    for (const [index, name] of names.entries()) FEED[name].parse(told[index])
  })
})

describe('errors are as described', () => {
  test('of bad requests', async () => {
    const { app, post } = await start({ config: { maxRequestLines: 2 } })
    const at = (method: 'GET' | 'POST', url: string, payload = '') => app.inject({ method, url, payload })
    checkError('POST /v1/events', await post('[1'), 'invalid_json')
    checkError('POST /v1/events', await post('x', { 'content-encoding': 'gzip' }), 'invalid_gzip')
    checkError('POST /v1/events', await post('{}', { 'content-encoding': 'br' }), 'unknown_encoding')
    checkError('POST /v1/events', await post('{}', { 'idempotency-key': 'k'.repeat(129) }), 'invalid_key')
    checkError('POST /v1/events', await post('{}\n{}\n{}'), 'too_many_lines')
    checkError('GET /v1/windows', await at('GET', '/v1/windows?cursor=x'), 'invalid_cursor')
    checkError('GET /v1/stream', await at('GET', '/v1/stream?from=yesterday'), 'invalid_event_id')
    checkError('POST /v1/burst', await at('POST', '/v1/burst', '{"mode": "now"}'), 'invalid_mode')
    checkError('POST /v1/replays', await at('POST', '/v1/replays', '{}'), 'invalid_replay')
    const takeOut = (body: string) => at('POST', '/v1/dead-letters', body)
    checkError('POST /v1/dead-letters', await takeOut('{}'), 'invalid_dead_letter')
    checkError('POST /v1/dead-letters', await takeOut('{"offset": 9}'), 'unknown_event')
  })

  test('of events that are all rejected, now or for ever', async () => {
    const { post } = await start()
    for (const body of ['{"k": 1}\n[]\n', JSON.stringify({ k: 'a', t: Date.now() + 600_000, v: 1 })]) {
      const answer = await post(body)
      expect(answer.statusCode).toBe(REQUEST_ERRORS.all_rejected.status)
      allRejected.parse(answer.json())
    }
    const { responses } = (openApi().paths as Paths)['/v1/events']!.post!
    const [, name] = /^#\/components\/responses\/(.*)$/.exec(responses[422]!.$ref!)!
    expect(JSON.stringify((openApi().components as Record<string, Json>).responses![name!])).toContain('AllRejected')
  })

  test('of bodies that are too large, and of a node that is not ready', async () => {
    const { post, diskSpace } = await start({ config: { maxBodyBytes: 1_024 } })
    checkError('POST /v1/events', await post('x'.repeat(2_000)), 'body_too_large')
    diskSpace.isLow = true
    checkError('POST /v1/events', await post('{}'), 'not_ready')
  })

  test('of visitors that are turned away', async () => {
    const tokens = join(await newFolder(), 'tokens.yaml')
    writeFileSync(tokens, '[{name: shop, token: "0123456789012345678901", scopes: [ingest]}]', { mode: 0o600 })
    const { app } = await start({ config: { tokens } })
    const as = (headers: Record<string, string>) => app.inject({ url: '/v1/status', headers })
    checkError('GET /v1/status', await as({}), 'no_token')
    checkError('GET /v1/status', await as({ authorization: 'Bearer none-of-them-at-all' }), 'unknown_token')
    checkError('GET /v1/status', await as({ authorization: 'Bearer 0123456789012345678901' }), 'missing_scope')
    checkError('GET /v1/status', await as({ host: 'elsewhere.example' }), 'unknown_host')
    checkError('GET /v1/status', await as({ origin: 'https://elsewhere.example' }), 'foreign_origin')
  })
})

/** `GET /v1/windows` and so on, from the tree that Fastify prints. */
function routesIn(tree: string): string[] {
  const routes: string[] = []
  const above: string[] = []
  for (const line of tree.split('\n')) {
    const [, indent, part, methods = ''] = /^([\s│]*[├└]── )(\S+)(?: \((.*)\))?/.exec(line) ?? []
    if (indent === undefined || part === undefined) continue
    above.length = indent.length / 4 - 1
    above.push(part)
    for (const method of methods.split(', '))
      if (['GET', 'POST'].includes(method)) routes.push(`${method} ${above.join('')}`)
  }
  return routes.sort()
}

const ranged = OPERATIONS.flatMap(({ path, parameters = [] }) =>
  parameters.filter(({ schema }) => schema.maximum !== undefined).map(({ name, schema }) => ({ path, name, schema })),
)

describe('ranges are as described', () => {
  test.each(ranged)('of $name of $path', async ({ path, name, schema }) => {
    const { app } = await start()
    const ask = async (value: unknown) => (await app.inject(`${path}?${name}=${value}`)).statusCode
    const { minimum, maximum } = schema as { minimum: number; maximum: number }
    expect([await ask(minimum), await ask(maximum)]).toEqual([200, 200])
    expect([await ask(minimum - 1), await ask(maximum + 1)]).toEqual([400, 400])
  })
})
