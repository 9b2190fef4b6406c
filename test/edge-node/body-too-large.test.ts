import { execFile } from 'node:child_process'
import { connect } from 'node:net'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'
import { event, testNodes } from './fixture'

const { start } = testNodes()
const LIMIT = 1_000_000
const PYTHON = `
import http.client, sys
connection = http.client.HTTPConnection('127.0.0.1', int(sys.argv[1]), timeout=20)
connection.request('POST', '/v1/events', b'x' * 3_000_000)
answer = connection.getresponse()
print(answer.status, answer.read().decode())
`

async function listening() {
  const { app } = await start({ config: { maxBodyBytes: LIMIT } })
  return new URL(await app.listen({ port: 0, host: '127.0.0.1' }))
}

test('a client that sends all of a body that is too large before it reads gets the answer, by fetch', async () => {
  const url = await listening()
  for (let request = 0; request < 10; request++) {
    const answer = await fetch(new URL('/v1/events', url), { method: 'POST', body: Buffer.alloc(3 * LIMIT, 'x') })
    expect([answer.status, await answer.json()]).toMatchObject([413, { code: 'body_too_large', retryable: false }])
  }
})

test('and by the client of Python', async () => {
  const url = await listening()
  for (let request = 0; request < 3; request++) {
    const run = promisify(execFile)('python3', ['-c', PYTHON, url.port])
    const printed = await run.then(
      ({ stdout }) => stdout,
      (error) => error,
    )
    if (printed instanceof Error && 'code' in printed && printed.code === 'ENOENT') return // no Python here
    expect(printed).toMatch(/^413 .*body_too_large/)
  }
})

test('one that asks first is refused before it sends the body', async () => {
  const url = await listening()
  const head = `POST /v1/events HTTP/1.1\r\nhost: 127.0.0.1\r\nexpect: 100-continue\r\ncontent-length: ${3 * LIMIT}\r\n\r\n`
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(url.port), '127.0.0.1', () => socket.write(head))
    let text = ''
    socket.setEncoding('utf8').on('data', (part) => {
      text += part
    })
    socket.on('end', () => resolve(text)).on('error', reject)
  })
  expect(answer).toMatch(/^HTTP\/1.1 413[\s\S]*body_too_large/)
})

test('more than a thousand headers cost no event', async () => {
  const url = await listening()
  const headers = Object.fromEntries(Array.from({ length: 1_500 }, (_, index) => [`h${index}`, '']))
  const answer = await fetch(new URL('/v1/events', url), { method: 'POST', body: event('a', 1), headers })
  expect(await answer.json()).toMatchObject({ accepted: 1 })
})

test('a wrong method is answered with those that the route takes', async () => {
  const { app } = await start()
  for (const [method, url, allow] of [
    ['DELETE', '/v1/events', 'POST'],
    ['GET', '/v1/events', 'POST'],
    ['POST', '/v1/windows', 'GET, HEAD'],
    ['PUT', '/v1/burst', 'POST'],
  ] as const) {
    const answer = await app.inject({ method, url })
    expect([answer.statusCode, answer.headers.allow, answer.json().code]).toEqual([405, allow, 'method_not_allowed'])
  }
  expect((await app.inject({ method: 'GET', url: '/v1/nothing' })).statusCode).toBe(404)
})
