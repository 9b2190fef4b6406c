import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { main } from '../../scripts/replay/command'
import { MAX_LETTERS } from '../../scripts/replay/edge-node'
import { type ReplayReport, runReplay, summaryOf } from '../../scripts/replay/run'
import { eventually } from '../support/eventually'
import { event, type TestEvent, testNodes, testPipeline } from '../support/fixture'

const { start } = testNodes()
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'replay-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true })
})

/** Runs the command; what it prints, and its exit code. */
async function command(...args: string[]) {
  const out: string[] = []
  const err: string[] = []
  const code = await main(args, { out: (line) => out.push(line), err: (line) => err.push(line) })
  return { code, out: out.join('\n'), err: err.join('\n') }
}

describe('an edge node with dead letters in a final and in an open window', () => {
  async function edgeNode() {
    const failing = new Set(['a', 'b'])
    const map = async (e: TestEvent) => {
      if (failing.has(e.k)) throw new Error('the service is away')
      return e
    }
    const node = await start({ pipeline: testPipeline({ map }) })
    const url = await node.app.listen({ port: 0, host: '127.0.0.1' })
    await node.post([event('a', 1), event('b', 2), event('c', 3)].join('\n'))
    await node.post([event('a', 14), event('closer', 15)].join('\n'))
    await node.windows(1)
    await eventually(async () => expect((await node.status()).events.deadLettered).toBe(3))
    const corrections = async () => (await node.app.inject('/v1/corrections')).json().corrections
    return { ...node, url, failing, corrections }
  }

  test('are replayed as corrections and as events, once', async () => {
    const { url, failing, corrections, status, windows } = await edgeNode()
    const before = await windows(1)
    failing.clear()
    const file = join(folder, 'report.json')
    const first = await command('--url', url, '--report', file)
    expect(first).toMatchObject({ code: 0, err: '' })
    expect(first.out).toBe('3 dead letters\n  1 sent again as events\n  2 corrections of final windows')
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ letters: 3, resent: 1, corrections: 2, failed: 0 })
    expect(await command('--url', url)).toMatchObject({ code: 0, out: '3 dead letters\n  3 replayed before' })
    expect(await corrections()).toHaveLength(2)
    expect((await status()).events.accepted).toBe(6)
    expect(await windows(1)).toEqual(before)
  })

  test('are counted in one JSON document with --json', async () => {
    const { url, failing } = await edgeNode()
    failing.clear()
    const { code, out } = await command('--url', url, '--dry-run', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ letters: 3, dryRun: true })
  })

  test('are left alone by a dry run', async () => {
    const { url, failing, corrections, status } = await edgeNode()
    failing.clear()
    const { code, out } = await command('--url', url, '--dry-run')
    const said = ['1 would be sent again as events', '2 corrections of final windows would be made']
    expect([code, out]).toEqual([0, ['3 dead letters, dry run', ...said].join('\n  ')])
    expect(await corrections()).toEqual([])
    expect((await status()).events.accepted).toBe(5)
  })

  test('stay dead letters when they fail again, which is told with the reason', async () => {
    const { url, failing } = await edgeNode()
    failing.delete('b')
    const { code, out } = await command('--url', url)
    expect(code).toBe(1)
    expect(out).toContain('1 correction of final windows')
    expect(out).toMatch(
      /2 failed again:\n {4}offset 0: map_failed: map failed at test\/scripts\/replay\.test\.ts:\d+: the service is away/,
    )
    failing.clear()
    expect(await command('--url', url)).toMatchObject({ code: 0 })
  })

  test('are replayed by code', async () => {
    const { url, failing } = await edgeNode()
    failing.clear()
    expect((await command('--url', url, '--code', 'map_timeout')).out).toBe('0 dead letters of code map_timeout')
    expect((await command('--url', url, '--code', 'map_failed')).out).toMatch(/^3 dead letters of code map_failed\n/)
  })
})

describe('an edge node that answers as it pleases', () => {
  const servers: { close: () => Promise<void> }[] = []
  afterEach(async () => {
    for (const { close } of servers.splice(0)) await close()
  })

  async function serving(answer: (path: string, body: { ids: string[] }) => object | string) {
    const server = createServer(async (request, response) => {
      const said = answer(request.url ?? '', JSON.parse((await bodyOf(request)) || '{"ids":[]}'))
      response.end(typeof said === 'string' ? said : JSON.stringify(said))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    servers.push({
      close: async () => {
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
      },
    })
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('the server has no port')
    return `http://127.0.0.1:${address.port}`
  }
  const lettersOf = (count: number) =>
    Array.from({ length: count }, (_, offset) => ({ id: `0.${offset}`, offset, code: 'map_failed' }))
  const replayed = (id: string) => ({ id, offset: 0, kind: 'replayed', resent: true, corrected: 0, waiting: 0 })

  test('gets the letters of all pages in requests of a bounded size', async () => {
    const all = lettersOf(40)
    const asked: string[][] = []
    const url = await serving((path, { ids }) => {
      if (path.startsWith('/v1/replays')) {
        asked.push(ids)
        return { replays: ids.map(replayed) }
      }
      const from = Number(new URL(path, 'http://edge').searchParams.get('cursor') ?? 0)
      return { deadLetters: all.slice(from, from + 15), next: from + 15 < 40 ? String(from + 15) : null }
    })
    expect(await runReplay({ url, code: null, dryRun: false })).toMatchObject({ letters: 40, resent: 40 })
    expect(asked.map(({ length }) => length)).toEqual([MAX_LETTERS, MAX_LETTERS, 8])
    expect(asked.flat()).toEqual(all.map(({ id }) => id))
  })

  test('is asked again for what it refused, and for nothing else', async () => {
    const asked: string[][] = []
    const url = await serving((path, { ids }) => {
      if (!path.startsWith('/v1/replays')) return { deadLetters: lettersOf(3), next: null }
      asked.push(ids)
      const refuses = (id: string) => asked.length === 1 && id !== '0.1'
      const refusal = { kind: 'refused', offset: 0, reason: 'busy', retryAfterMs: 1 }
      return { replays: ids.map((id) => (refuses(id) ? { id, ...refusal } : replayed(id))) }
    })
    expect(await runReplay({ url, code: null, dryRun: false })).toMatchObject({ resent: 3 })
    expect(asked).toEqual([
      ['0.0', '0.1', '0.2'],
      ['0.0', '0.2'],
    ])
  })

  test('and refuses for too long is given up', async () => {
    const refusal = { kind: 'refused', offset: 0, reason: 'the disk is nearly full', retryAfterMs: 0 }
    const url = await serving((path, { ids }) =>
      path.startsWith('/v1/replays')
        ? { replays: ids.map((id) => ({ id, ...refusal })) }
        : { deadLetters: lettersOf(1), next: null },
    )
    const { code, err } = await command('--url', url)
    expect([code, err]).toEqual([2, expect.stringContaining('edge-node-busy')])
    expect(err).toContain('the disk is nearly full')
  })

  test.each([
    ['something else', 'hello', 'unexpected-answer'],
    ['an endless page', { deadLetters: [], next: '7' }, 'unexpected-answer'],
  ])('with %s is reported', async (_, answer, code) => {
    const { code: exit, err } = await command('--url', await serving(() => answer))
    expect([exit, err]).toEqual([2, expect.stringContaining(code)])
  })

  test('or not at all, is reported', async () => {
    const url = await serving(() => '')
    await servers.pop()!.close()
    expect(await command('--url', url)).toMatchObject({ code: 2, err: expect.stringContaining('is the edge node up?') })
  })
})

describe('the command line', () => {
  test('says what it takes', async () => {
    const { code, out } = await command('--help')
    expect(code).toBe(0)
    for (const part of ['--url', '--code', '--dry-run', '--report', 'Exit code']) expect(out).toContain(part)
  })

  test.each([['--url', 'ftp://edge'], ['--code', 'a b'], ['--no-such'], ['surplus']])('refuses %s', async (...args) => {
    const { code, err } = await command(...args)
    expect([code, err]).toEqual([2, expect.stringMatching(/See spillway replay --help\.$/)])
  })

  test('ends with 2 when the report cannot be written, which it says', async () => {
    const { app } = await start()
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    const { code, err } = await command('--url', url, '--report', join(folder, 'no', 'such', 'report.json'))
    expect([code, err]).toEqual([2, expect.stringContaining('cannot be written')])
  })
})

test('the summary says each count that is above 0, and some failures', () => {
  const failure = (offset: number) => ({ id: '0.0', offset, code: 'map_failed', reason: 'no' })
  const report: ReplayReport = {
    ...{ url: '', dryRun: false, code: null, letters: 20, resent: 1, corrections: 2, unchanged: 3, waiting: 4 },
    ...{ failed: 9, gone: 1, failures: Array.from({ length: 9 }, (_, offset) => failure(offset)) },
  }
  expect(summaryOf(report)).toEqual([
    '20 dead letters',
    '  1 sent again as events',
    '  2 corrections of final windows',
    '  3 replayed before',
    '  4 in windows that are closed and not final yet: replay again later',
    '  1 not there any more',
    '  9 failed again:',
    ...[0, 1, 2, 3, 4].map((offset) => `    offset ${offset}: map_failed: no`),
  ])
})

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}
