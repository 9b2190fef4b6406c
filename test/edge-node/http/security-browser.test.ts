import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { isForeign, isOurHost } from '../../../edge-node/http/access/origin'
import { event, testNodes } from '../../support/fixture'

const { start } = testNodes()

describe('S6 a page of another origin', () => {
  const foreign: Record<string, string>[] = [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: 'http://localhost:3000' },
    { origin: 'http://localhost' },
    { origin: 'http://127.0.0.1:7070' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
  ]
  const host = 'localhost:7070'

  test.each(foreign)('with %j cannot send events or change anything', async (headers) => {
    const { app, status } = await start()
    for (const url of ['/v1/events', '/v1/burst', '/v1/replays']) {
      const answer = await app.inject({ method: 'POST', url, payload: event('a', 1), headers: { host, ...headers } })
      expect([answer.statusCode, answer.json().code]).toEqual([403, 'foreign_origin'])
    }
    expect((await status()).events.accepted).toBe(0)
  })

  test('cannot read: no answer allows it, and what asks in its name is refused', async () => {
    const { app } = await start()
    for (const url of ['/v1/status', '/v1/windows', '/healthz']) {
      const plain = await app.inject({ url, headers: { host } })
      expect(Object.keys(plain.headers).filter((name) => name.startsWith('access-control'))).toEqual([])
      expect(plain.headers['cross-origin-resource-policy']).toBe('same-origin')
      const script = { host, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }
      expect((await app.inject({ url, headers: script })).statusCode).toBe(403)
    }
    const asked = { host, origin: 'https://evil.example', 'access-control-request-method': 'POST' }
    const preflight = await app.inject({ method: 'OPTIONS', url: '/v1/events', headers: asked })
    expect(preflight.statusCode).toBe(403)
    expect(preflight.headers['access-control-allow-origin']).toBeUndefined()
  })

  test('cannot have a stream in a frame of its own', async () => {
    const { app } = await start()
    for (const dest of ['iframe', 'frame', 'object', 'embed']) {
      const headers = { host, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': dest }
      expect((await app.inject({ url: '/v1/live', headers })).statusCode).toBe(403)
    }
  })

  test('may link to here, as anybody may type the address', async () => {
    const { app } = await start()
    for (const site of ['cross-site', 'none']) {
      const headers = { host, 'sec-fetch-site': site, 'sec-fetch-mode': 'navigate' }
      expect((await app.inject({ url: '/v1/status', headers })).statusCode).toBe(200)
    }
  })

  test('the own page and programs are taken', async () => {
    const { app } = await start()
    const taken = [{}, { origin: `http://${host}`, 'sec-fetch-site': 'same-origin' }, { origin: `https://${host}` }]
    for (const headers of taken) {
      const sent = { method: 'POST', url: '/v1/events', payload: event('a', 1), headers: { host, ...headers } } as const
      expect((await app.inject(sent)).statusCode).toBe(202)
    }
  })

  test('whatever its origin is, it is foreign unless it is the host asked', () => {
    fc.assert(
      fc.property(fc.webAuthority(), fc.webAuthority(), (origin, asked) => {
        fc.pre(URL.canParse(`http://${origin}`) && URL.canParse(`http://${asked}`))
        const [from, to] = [new URL(`http://${origin}`).host, new URL(`http://${asked}`).host]
        expect(isForeign('POST', { origin: `http://${from}`, host: to })).toBe(from !== to)
      }),
    )
  })
})

describe('S7 a name that was pointed at this machine (DNS rebinding)', () => {
  test('is not the name of the node, so nothing is answered', async () => {
    const { app } = await start({ config: { hostName: ['spillway.example'] } })
    const codeOf = async (host: string) => (await app.inject({ url: '/v1/status', headers: { host } })).statusCode
    for (const ours of ['localhost', 'LOCALHOST:7070', '127.0.0.1:7070', '[::1]:7070', 'spillway.example:7070'])
      expect([ours, await codeOf(ours)]).toEqual([ours, 200])
    for (const other of [
      'evil.example',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
      'evil-localhost',
      'x@localhost',
    ])
      expect([other, await codeOf(other)]).toEqual([other, 421])
  })

  test('an address is taken, since no name can become one', () => {
    expect(isOurHost('192.168.1.7:7070', [])).toBe(true)
    for (const none of [undefined, '', ':7070']) expect(isOurHost(none, [])).toBe(false)
  })
})

describe('S8 a script in what the page shows', () => {
  test('the content policy runs scripts and styles of the node alone, nothing inline, and no frame around it', async () => {
    const { app } = await start()
    for (const url of ['/', '/v1/status', '/nowhere']) {
      const { headers } = await app.inject(url)
      const policy = Object.fromEntries(
        String(headers['content-security-policy'])
          .split(';')
          .map((directive) => [directive.split(' ')[0], directive.split(' ').slice(1).join(' ')]),
      )
      expect(policy).toMatchObject({ 'default-src': "'none'", 'script-src': "'self'", 'style-src': "'self'" })
      expect(policy).toMatchObject({ 'frame-ancestors': "'none'", 'base-uri': "'none'", 'form-action': "'none'" })
      expect(String(headers['content-security-policy'])).not.toContain('unsafe')
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' })
    }
  })

  test('streams have the headers too, and answers are kept nowhere', async () => {
    const { app } = await start()
    await app.listen({ host: '127.0.0.1', port: 0 })
    const { port } = app.server.address() as AddressInfo
    const headers = await new Promise<NodeJS.Dict<unknown>>((resolve, reject) => {
      const sent = request({ port, path: '/v1/stream', agent: false }, (response) => {
        resolve(response.headers)
        response.destroy()
      })
      sent.on('error', reject).end()
    })
    expect(headers).toMatchObject({ 'content-type': 'text/event-stream', 'x-content-type-options': 'nosniff' })
    expect((await app.inject('/v1/status')).headers['cache-control']).toBe('no-store')
  })
})
