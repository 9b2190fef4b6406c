import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { parseLoadArguments } from '../../../scripts/load/cli'
import { openClient } from '../../../scripts/load/delivery/client'
import { main as replay } from '../../../scripts/replay/command'
import { fetchStatus } from '../../../scripts/verify/served'

const TOKEN = 'a-token-0123456789abcdef'
let server: Server
let url: string
let seen: (string | undefined)[]

beforeEach(async () => {
  seen = []
  server = createServer((request, response) => {
    seen.push(request.headers.authorization)
    request.resume().on('end', () => response.end('{"pipeline":"bids","deadLetters":[],"next":null}'))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterEach(async () => {
  delete process.env.SPILLWAY_TOKEN
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
})

const silent = { out: () => {}, err: () => {} }

describe('the scripts of an edge node that asks for tokens', () => {
  test('send theirs with every request, and nothing when they have none', async () => {
    const client = openClient(url, 1, 5_000, TOKEN)
    await client.post({ idempotencyKey: 'a', scheduledAtMs: 0, body: Buffer.from('{}') })
    await client.close()
    await fetchStatus(url, TOKEN)
    await fetchStatus(url)
    expect(await replay(['--url', url, '--token', TOKEN], silent)).toBe(0)
    expect(seen).toEqual([`Bearer ${TOKEN}`, `Bearer ${TOKEN}`, undefined, `Bearer ${TOKEN}`])
  })

  test('take it from SPILLWAY_TOKEN, which others on the machine cannot see; a flag wins', async () => {
    process.env.SPILLWAY_TOKEN = TOKEN
    expect(await replay(['--url', url], silent)).toBe(0)
    expect(seen).toEqual([`Bearer ${TOKEN}`])
    expect(parseLoadArguments([])).toMatchObject({ options: { token: TOKEN } })
    expect(parseLoadArguments(['--token', 'other'])).toMatchObject({ options: { token: 'other' } })
  })

  test('do not show it in their help', () => {
    process.env.SPILLWAY_TOKEN = TOKEN
    const { text: help } = parseLoadArguments(['--help']) as { text: string }
    expect(help).toContain('SPILLWAY_TOKEN')
    expect(help).not.toContain(TOKEN)
  })
})
