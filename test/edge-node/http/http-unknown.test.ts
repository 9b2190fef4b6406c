import { describe, expect, test } from '@jest/globals'
import { unknownParameter } from '../../../edge-node/http/access/routes'
import { OPERATIONS } from '../../../lab/docs/openapi/operations'
import { event, testNodes } from '../../support/fixture'

const { start } = testNodes()

describe('a parameter that a route does not have', () => {
  test.each(OPERATIONS)('is refused by $method $path', async ({ method, path }) => {
    const { app } = await start()
    const answer = await app.inject({ method, url: `${path}?nothing=1` })
    expect([answer.statusCode, answer.json()]).toMatchObject([400, { code: 'unknown_parameter', retryable: false }])
    expect(answer.json().message).toContain('"nothing"')
  })

  test('is refused beside good ones, and in a request for the headers alone', async () => {
    const { app } = await start()
    expect((await app.inject('/v1/windows?limit=5&format=csv')).statusCode).toBe(400)
    expect((await app.inject({ method: 'HEAD', url: '/v1/windows?frm=1' })).statusCode).toBe(400)
  })

  test('keeps the events of its request from being accepted', async () => {
    const { app, status } = await start()
    await app.inject({ method: 'POST', url: '/v1/events?sync=true', payload: event('a', 1) })
    expect((await status()).events.accepted).toBe(0)
  })

  test('does not hide that there is no such path', async () => {
    const { app } = await start()
    for (const path of ['/v1/nothing', '/v1/windows/'])
      expect((await app.inject(`${path}?from=1`)).json()).toMatchObject({ code: 'not_found' })
  })
})

describe('the message about an unknown parameter', () => {
  const NAMES = ['from', 'to', 'limit']
  const about = (name: string) => unknownParameter([name], NAMES, 'GET /v1/windows')

  test('names it, the one that was meant, and all that the route takes', () => {
    expect(about('frm')).toBe('there is no parameter "frm"; did you mean "from"? GET /v1/windows takes from, to, limit')
  })

  test.each(['FROM', 'form', 'limits', 'limt'])('knows what %s was meant to be', (name) => {
    expect(about(name)).toMatch(/did you mean "(from|limit)"\?/)
  })

  test.each(['format', 'k', 'x', '', '__proto__'])('makes no guess at %p', (name) => {
    expect(about(name)).toBe(`there is no parameter "${name}"; GET /v1/windows takes from, to, limit`)
  })

  test('says where there are none', () => {
    expect(unknownParameter(['a'], [], 'POST /v1/burst')).toBe('POST /v1/burst takes no parameters; leave out "a"')
  })

  test('does not repeat a name of any length', () => {
    expect(about('x'.repeat(10_000))!.length).toBeLessThan(400)
  })

  test('is none when the route has them all', () => {
    expect(unknownParameter(['to', 'from'], NAMES, 'GET /v1/windows')).toBeNull()
    expect(unknownParameter([], [], 'GET /v1/status')).toBeNull()
  })
})

describe('methods', () => {
  const { start } = testNodes()

  test.each([
    ['GET', '/v1/events', 'POST'],
    ['HEAD', '/v1/events', 'POST'],
    ['POST', '/v1/windows', 'GET, HEAD'],
    ['DELETE', '/v1/windows?from=1', 'GET, HEAD'],
    ['HEAD', '/v1/stream', 'GET'],
    ['PUT', '/v1/dead-letters', 'GET, HEAD, POST'],
    ['OPTIONS', '/v1/burst', 'POST'],
    ['TRACE', '/v1/status', 'GET, HEAD'],
    ['PROPFIND', '/v1/status', 'GET, HEAD'],
    ['POST', '/', 'GET, HEAD'],
  ])('%s %s is answered with 405 and what the path takes: %s', async (method, url, allow) => {
    const { app } = await start()
    const answer = await app.inject({ method: method as 'GET', url })
    expect([answer.statusCode, answer.headers.allow]).toEqual([405, allow])
    if (method !== 'HEAD') expect(answer.json()).toMatchObject({ code: 'method_not_allowed', retryable: false })
  })

  test.each([
    ['GET', '/v1/nothing'],
    ['POST', '/v1/nothing'],
    ['DELETE', '/*'],
    ['GET', '/*'],
    ['GET', '/assets/nothing.js'],
    ['GET', '/v1/windows/'],
  ])('%s %s, which is no path of the node, is answered with 404', async (method, url) => {
    const { app } = await start()
    const answer = await app.inject({ method: method as 'GET', url })
    expect([answer.statusCode, answer.json()]).toMatchObject([404, { code: 'not_found', retryable: false }])
  })
})
