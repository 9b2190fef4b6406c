import { expect, test } from '@jest/globals'
import { testNodes } from '../../support/fixture'

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
