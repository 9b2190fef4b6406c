import { writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { jest } from '@jest/globals'
import type { Config } from '../../edge-node/config/config'
import { REQUEST_ERRORS, type RequestErrorCode } from '../../lab/docs/errors'
import { eventually, Gate } from '../support/eventually'
import { event, type NodeOptions, type TestNode, testPipeline } from '../support/fixture'
import { fillDisk } from '../support/temporary-folder'

/** What an example needs. */
export interface Bench {
  start(options?: NodeOptions): Promise<TestNode>
  newFolder(): Promise<string>
}

/** What came back. */
export interface Refused {
  readonly status: number
  readonly body: unknown
}

/** Makes a node refuse a request. */
type Example = (bench: Bench) => Promise<Refused>

const TOKEN = '0123456789012345678901'

/** A request for each code that the page has: the compiler says when one has none. */
export const EXAMPLES: Readonly<Record<RequestErrorCode, Example>> = {
  invalid_json: posting('[1'),
  empty_body: posting(''),
  invalid_gzip: posting('x', { 'content-encoding': 'gzip' }),
  invalid_key: posting('{}', { 'idempotency-key': 'k'.repeat(129) }),
  invalid_query: asking('GET', '/v1/windows?limit=0'),
  unknown_parameter: asking('GET', '/v1/windows?frm=1'),
  invalid_cursor: asking('GET', '/v1/windows?cursor=x'),
  invalid_event_id: asking('GET', '/v1/stream?from=yesterday'),
  invalid_mode: asking('POST', '/v1/burst', '{"mode": "now"}'),
  no_cloud: async ({ start }) => {
    const { app } = await start({ config: { cloud: 'none', mode: 'never' } })
    return refused(await app.inject({ method: 'POST', url: '/v1/burst', payload: '{"mode": "auto"}' }))
  },
  invalid_replay: asking('POST', '/v1/replays', '{}'),
  invalid_dead_letter: asking('POST', '/v1/dead-letters', '{}'),
  bad_request: writing('no HTTP\r\n\r\n'),
  no_token: visiting({}),
  unknown_token: visiting({ authorization: 'Bearer none-of-them-at-all' }),
  missing_scope: visiting({ authorization: `Bearer ${TOKEN}` }),
  foreign_origin: visiting({ origin: 'https://elsewhere.example' }),
  not_found: asking('GET', '/v1/nothing'),
  unknown_event: asking('POST', '/v1/dead-letters', '{"offset": 9}'),
  method_not_allowed: asking('GET', '/v1/events'),
  request_timeout: writing('POST /v1/events HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n{'),
  event_counted: async ({ start }) => {
    const { app, post, status } = await start()
    await post(event('a', 1))
    await eventually(async () => {
      if ((await status()).events.edge === 0) throw new Error('it is not folded yet')
    })
    return refused(await app.inject({ method: 'POST', url: '/v1/dead-letters', payload: '{"offset": 0}' }))
  },
  event_away: async ({ start }) => {
    const { app, post, cloud, status } = await start({ config: { mode: 'always' } })
    cloud.held = true
    await post(event('a', 1))
    await eventually(async () => {
      if ((await status()).burst.inFlightEnvelopes === 0) throw new Error('it is not sent yet')
    })
    return refused(await app.inject({ method: 'POST', url: '/v1/dead-letters', payload: '{"offset": 0}' }))
  },
  window_gone: async ({ start }) => {
    const { app, post, windows, results } = await start()
    for (const seconds of [1, 14, 24]) await post(event('a', seconds))
    const [first] = await windows(2)
    await results.take(1, first!.end)()
    return refused(await app.inject(`/v1/windows?to=${first!.end}`))
  },
  body_too_large: posting('x'.repeat(2_000), {}, { maxBodyBytes: 1_024 }),
  too_many_lines: posting('{}\n{}\n{}', {}, { maxRequestLines: 2 }),
  unknown_encoding: posting('{}', { 'content-encoding': 'br' }),
  unknown_expectation: writing('GET /healthz HTTP/1.1\r\nhost: localhost\r\nexpect: a-thing\r\n\r\n'),
  unknown_host: visiting({ host: 'elsewhere.example' }),
  idempotency_key_reused: async ({ start }) => {
    const { post } = await start()
    const key = { 'idempotency-key': 'one' }
    await post(event('a', 1), key)
    return refused(await post(event('b', 1), key))
  },
  all_rejected: posting('7\n[]'),
  overloaded: async ({ start }) => {
    const gate = new Gate()
    const map = async <T>(each: T) => {
      await gate.pass()
      return each
    }
    const config = { maxEnvelopeBytes: 1_024, maxBacklogBytes: 1_024, workers: 1 }
    const { post } = await start({ pipeline: testPipeline({ map }), config })
    const batch = Array.from({ length: 10 }, (_, index) => event('a', index / 10)).join('\n')
    const answers = []
    for (let time = 0; time < 20; time++) answers.push(await post(batch))
    gate.open()
    return refused(answers.at(-1)!)
  },
  too_many_keys: async ({ start }) => {
    const { post } = await start({ config: { maxAnswerBytes: 65_536 } })
    const sent = Array.from({ length: 1_500 }, (_, n) => post(event('a', 1), { 'idempotency-key': `${n}` }))
    return refused((await Promise.all(sent)).at(-1)!)
  },
  too_many_windows: async ({ start }) => {
    const { post } = await start({ config: { maxOpenPanes: 1 } })
    await post(event('a', 1))
    return refused(await post(event('a', 12)))
  },
  rate_limited: async ({ start }) => {
    const { app } = await start({ config: { maxRequestsPerSecond: 1 } })
    const ask = () => app.inject({ url: '/v1/status', remoteAddress: '10.0.0.7' })
    const answers = await Promise.all(Array.from({ length: 4 }, ask))
    return refused(answers.find(({ statusCode }) => statusCode !== 200)!)
  },
  headers_too_large: writing(`GET /healthz HTTP/1.1\r\nhost: localhost\r\n${'a:\r\n'.repeat(1_001)}\r\n`),
  internal: failingPage(new Error('a bug')),
  not_ready: async ({ start }) => {
    const { post, diskSpace } = await start()
    diskSpace.isLow = true
    return refused(await post('{}'))
  },
  log_failed: async ({ start }) => {
    const { post } = await start()
    await fillDisk()
    return refused(await post(event('a', 1)))
  },
  disk_refuses: failingPage(Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' })),
  too_many_streams: async ({ start }) => {
    const node = await start({ config: { maxStreams: 1 } })
    const port = await listening(node)
    const first = connect(port, '127.0.0.1')
    first.write('GET /v1/stream HTTP/1.1\r\nhost: localhost\r\n\r\n')
    await new Promise((resolve) => first.once('data', resolve))
    const answer = refused(await node.app.inject('/v1/stream'))
    first.destroy()
    return answer
  },
  too_busy: async ({ start }) => {
    const node = await start({ config: { maxReceivingBytes: 1_024, maxBodyBytes: 1_024 } })
    const half = request({ port: await listening(node), method: 'POST', path: '/v1/events' })
    half.on('error', () => undefined).setHeader('content-length', 1_000)
    half.write('{')
    try {
      return await eventually(async () => {
        const answer = await node.post(' '.repeat(500))
        if (answer.statusCode !== 503) throw new Error('the other has not begun')
        return refused(answer)
      })
    } finally {
      half.destroy()
    }
  },
}

export const CODES = Object.keys(REQUEST_ERRORS) as RequestErrorCode[]

const refused = (answer: { readonly statusCode: number; json(): unknown }): Refused => ({
  status: answer.statusCode,
  body: answer.json(),
})

function posting(body: string, headers: Record<string, string> = {}, config: Partial<Config> = {}): Example {
  return async ({ start }) => refused(await (await start({ config })).post(body, headers))
}

function asking(method: 'GET' | 'POST', url: string, payload = ''): Example {
  return async ({ start }) => refused(await (await start()).app.inject({ method, url, payload }))
}

/** A look at a node with tokens, of which one may only send events. */
function visiting(headers: Record<string, string>): Example {
  return async ({ start, newFolder }) => {
    const tokens = join(await newFolder(), 'tokens.yaml')
    writeFileSync(tokens, `[{name: shop, token: "${TOKEN}", scopes: [ingest]}]`, { mode: 0o600 })
    const { app } = await start({ config: { tokens } })
    return refused(await app.inject({ url: '/v1/status', headers }))
  }
}

/** A look at windows that cannot be read. */
function failingPage(error: Error): Example {
  return async ({ start }) => {
    const { app, results } = await start()
    jest.spyOn(results, 'page').mockRejectedValue(error)
    return refused(await app.inject('/v1/windows'))
  }
}

/** Bytes on a connection. */
function writing(bytes: string): Example {
  return async ({ start }) => {
    const port = await listening(await start({ config: { headersTimeoutMs: 200, requestTimeoutMs: 200 } }))
    const socket = connect(port, '127.0.0.1')
    socket.write(bytes)
    let answer = ''
    for await (const data of socket) {
      answer += data
      if (/\r\n\r\n\{.*\}$/.test(answer)) break
    }
    const [head, body] = answer.split('\r\n\r\n') as [string, string]
    return { status: Number(head.split(' ')[1]), body: JSON.parse(body) }
  }
}

async function listening({ app }: TestNode): Promise<number> {
  await app.listen({ host: '127.0.0.1', port: 0 })
  return (app.server.address() as AddressInfo).port
}
