import { createHash } from 'node:crypto'
import { chmod, rename, writeFile } from 'node:fs/promises'
import { describe, expect, test } from '@jest/globals'
import { pino } from 'pino'
import { configSchema } from '../../../edge-node/config/config'
import { conflictsOf } from '../../../edge-node/config/resolve'
import { Keeper } from '../../../edge-node/http/access/keeper'
import { ruleOf } from '../../../edge-node/http/access/routes'
import { readTokens, Tokens } from '../../../edge-node/http/access/tokens'
import { eventually } from '../../support/eventually'
import { event, testNodes } from '../../support/fixture'
import { bearer, TOKENS, tokenFile } from '../../support/secret-files'

const { start, newFolder } = testNodes()

async function startWithTokens() {
  const folder = await newFolder()
  const tokens = await tokenFile(folder)
  const node = await start({ config: { tokens } })
  const ask = async (method: 'GET' | 'POST', url: string, headers: Record<string, string> = {}) => {
    const answer = await node.app.inject({ method, url, headers, ...(method === 'POST' && { payload: event('a', 1) }) })
    return [answer.statusCode, answer.statusCode < 300 ? undefined : answer.json().code]
  }
  return { ...node, folder, tokens, ask }
}

describe('S1 strangers on the network', () => {
  const configOf = (given: object) => configSchema.parse(given)

  test('the node listens on loopback unless told otherwise', () => {
    expect(configOf({}).host).toBe('127.0.0.1')
  })

  test.each(['0.0.0.0', '::', '192.168.1.7', 'example.org', '1270.0.0.1', '127.example.org', '::ffff:10.0.0.1'])(
    'on %s it listens with tokens alone, or with a flag that says there are none',
    (host) => {
      expect(conflictsOf(configOf({ host }))[0]).toMatch(/--tokens FILE, or --insecure-no-auth/)
      expect(conflictsOf(configOf({ host, tokens: 'file' }))).toEqual([])
      expect(conflictsOf(configOf({ host, insecureNoAuth: true }))).toEqual([])
      expect(() => new Keeper(configOf({ host }), pino({ level: 'silent' }))).toThrow(/can be reached by others/)
    },
  )

  test.each(['127.0.0.1', '127.9.9.9', '::1', 'localhost'])('%s is loopback and needs none', (host) => {
    expect(conflictsOf(configOf({ host }))).toEqual([])
  })

  test('without a token, or with a wrong one, everything but health is refused', async () => {
    const { ask, status } = await startWithTokens()
    for (const [method, url] of [
      ['POST', '/v1/events'],
      ['POST', '/v1/burst'],
      ['GET', '/v1/windows'],
      ['GET', '/v1/stream'],
      ['GET', '/v1/status'],
    ] as const) {
      expect(await ask(method, url)).toEqual([401, 'no_token'])
      expect(await ask(method, url, bearer('x'.repeat(32)))).toEqual([401, 'unknown_token'])
      expect(await ask(method, url, { authorization: `Basic ${TOKENS.admin}` })).toEqual([401, 'unknown_token'])
    }
    expect(await ask('GET', '/healthz')).toEqual([200, undefined])
    expect((await status()) as unknown).toMatchObject({ code: 'no_token' })
  })
})

describe('S2 guessing a token', () => {
  test('tokens have at least 20 characters', () => {
    expect(() => Tokens.parse('[{name: a, token: short, scopes: [read]}]')).toThrow(/at least 20 characters/)
  })

  test('what is compared are digests of one length, all of them each time: a token that is nearly right is as wrong as any', () => {
    const right = TOKENS.read
    const tokens = Tokens.parse(JSON.stringify([{ name: 'a', token: right, scopes: ['read'] }]))
    expect(tokens.holder(`Bearer ${right}`)).toMatchObject({ name: 'a', scopes: ['read'] })
    for (const wrong of [
      right.slice(1),
      right.slice(0, -1),
      `${right}x`,
      right.toUpperCase(),
      '',
      right.replace('0', '1'),
    ])
      expect(tokens.holder(`Bearer ${wrong}`)).toBeNull()
  })

  test('a digest in the file lets the token in, and not itself', async () => {
    const sha256 = createHash('sha256').update(TOKENS.read).digest('hex')
    const tokens = Tokens.parse(`[{name: a, sha256: ${sha256}, scopes: [read]}]`)
    expect(tokens.holder(`Bearer ${TOKENS.read}`)?.name).toBe('a')
    expect(tokens.holder(`Bearer ${sha256}`)).toBeNull()
  })
})

describe('S3 a token that got out', () => {
  test('is shut out by a new file, without a restart, and another lets in', async () => {
    const { ask, tokens } = await startWithTokens()
    expect(await ask('GET', '/v1/status', bearer(TOKENS.read))).toEqual([200, undefined])
    const next = 'read-next-0123456789abcdef0123'
    await writeFile(`${tokens}.new`, JSON.stringify([{ name: 'next', token: next, scopes: ['read'] }]), { mode: 0o600 })
    await rename(`${tokens}.new`, tokens)
    process.emit('SIGHUP')
    expect(await ask('GET', '/v1/status', bearer(next))).toEqual([200, undefined])
    expect(await ask('GET', '/v1/status', bearer(TOKENS.read))).toEqual([401, 'unknown_token'])
  })

  test('is noticed without a signal, too', async () => {
    const tokens = await tokenFile(await newFolder())
    const config = configSchema.parse({ tokens })
    const keeper = new Keeper(config, pino({ level: 'silent' }), 5)
    await writeFile(tokens, JSON.stringify([{ name: 'b', token: 'b'.repeat(32), scopes: ['admin'] }]))
    await eventually(() => expect(keeper.holder(`Bearer ${'b'.repeat(32)}`)).not.toBeNull())
    expect(keeper.holder(`Bearer ${TOKENS.read}`)).toBeNull()
    keeper.close()
  })

  test('a file that cannot be used changes nothing', async () => {
    const { ask, tokens } = await startWithTokens()
    for (const break_ of [() => writeFile(tokens, 'no list'), () => chmod(tokens, 0o644)]) {
      await break_()
      process.emit('SIGHUP')
      expect(await ask('GET', '/v1/status', bearer(TOKENS.read))).toEqual([200, undefined])
    }
  })

  test('its open streams end', async () => {
    const { app, tokens } = await startWithTokens()
    const url = await app.listen({ host: '127.0.0.1', port: 0 })
    const stream = await fetch(`${url}/v1/stream`, { headers: bearer(TOKENS.read) })
    expect(stream.status).toBe(200)
    await writeFile(tokens, JSON.stringify([{ name: 'b', token: 'b'.repeat(32), scopes: ['read'] }]))
    process.emit('SIGHUP')
    await expect(stream.text()).rejects.toThrow()
  })
})

describe('S4 a holder who does more than allowed', () => {
  test('a token is for its scopes alone', async () => {
    const { ask } = await startWithTokens()
    const routes = {
      ingest: ['POST', '/v1/events'],
      read: ['GET', '/v1/windows'],
      admin: ['POST', '/v1/burst'],
    } as const
    for (const [scope, token] of Object.entries(TOKENS)) {
      for (const [needed, [method, url]] of Object.entries(routes)) {
        const [status, code] = await ask(method, url, bearer(token))
        if (scope === needed) expect(status).not.toBe(403)
        else expect([status, code]).toEqual([403, 'missing_scope'])
      }
    }
  })

  test('a route that nobody gave a scope cannot be added', async () => {
    const { app } = await start()
    expect(() => ruleOf('DELETE', '/v1/windows')).toThrow(/who may use it/)
    await app.ready()
    const urls = ['/v1/burst', '/v1/replays', '/v1/events'] as const
    expect(urls.map((url) => ruleOf('POST', url).access)).toEqual(['admin', 'admin', 'ingest'])
  })
})

describe('S5 others on the machine who read the tokens', () => {
  test.each([0o644, 0o640, 0o604, 0o660, 0o601])('a file of mode %o is refused', async (mode) => {
    const tokens = await tokenFile(await newFolder())
    await chmod(tokens, mode)
    expect(() => readTokens(tokens)).toThrow(/can be read or changed by others.*chmod 600/)
    const config = configSchema.parse({ tokens })
    expect(() => new Keeper(config, pino({ level: 'silent' }))).toThrow(/can be read or changed by others/)
  })

  test('what is wrong with a file is told without repeating any of it', async () => {
    const secret = 'a-secret-of-some-length-1234567'
    for (const text of [
      secret,
      `[{name: a, token: "${secret} ", scopes: [read]}]`,
      `[{token: ${secret}`,
      `- x: ${secret}`,
    ]) {
      const tokens = await tokenFile(await newFolder())
      await writeFile(tokens, text)
      let message = ''
      try {
        readTokens(tokens)
      } catch (error) {
        message = String(error)
      }
      expect(message).toMatch(/is not as it must be|is no YAML/)
      expect(message).not.toContain(secret)
    }
  })
})
