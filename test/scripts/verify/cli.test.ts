import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { AcceptedBatch } from '../../../scripts/verify/accepted'
import { main } from '../../../scripts/verify/command'
import { oracleWindows } from '../../../scripts/verify/oracle'
import { bids } from '../../../scripts/verify/pipelines/named'
import { verify } from '../../../scripts/verify/report'
import { fetchWindows, type ServedWindow } from '../../../scripts/verify/served'

const MINUTE = Date.parse('2024-01-01T00:00:00Z')

let folder: string
let server: Server
let url: string
let windows: ServedWindow[]
let rowsPerPage: number
let requested: string[]
let answerTo: (request: URL) => object | string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'verify-'))
  rowsPerPage = 1_000
  requested = []
  answerTo = edgeNode
  windows = servedFor([first, second])
  server = createServer((request, response) => {
    requested.push(request.url ?? '')
    const answer = answerTo(new URL(request.url ?? '/', 'http://edge'))
    if (typeof answer === 'object' && 'code' in answer) response.statusCode = 503
    response.end(typeof answer === 'string' ? answer : JSON.stringify(answer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the test server has no port')
  url = `http://127.0.0.1:${address.port}`
})

afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await rm(folder, { recursive: true })
})

/** A tiny edge node: the cursor is the number of rows (or windows without rows) already given. */
function edgeNode(request: URL): object {
  if (request.pathname === '/v1/status')
    return { pipeline: 'bids', ready: true, windows: { open: 1, closing: 1, final: 2 } }
  const pieces = windows.flatMap((window) =>
    window.rows.length === 0 ? [window] : window.rows.map((row) => ({ ...window, rows: [row] })),
  )
  const from = Number(request.searchParams.get('cursor') ?? 0)
  const page = joined(pieces.slice(from, from + rowsPerPage))
  return { pipeline: 'bids', windows: page, next: from + rowsPerPage < pieces.length ? `${from + rowsPerPage}` : null }
}

function joined(pieces: readonly ServedWindow[]): ServedWindow[] {
  const page: ServedWindow[] = []
  for (const piece of pieces) {
    const last = page.at(-1)
    if (last?.start === piece.start) last.rows.push(...piece.rows)
    else page.push({ ...piece, rows: [...piece.rows] })
  }
  return page
}

function bid(offsetMs: number, auction: string, price: unknown = 10): string {
  return JSON.stringify({ auction, bidder: 1, price, dateTime: MINUTE + offsetMs })
}

function answered(key: string, lines: string[], horizon: number | null = null, late = 0): AcceptedBatch {
  return { key, horizon, accepted: lines.length - late, late, partlyLate: 0, lines }
}

const first = answered('k1', [bid(0, 'a'), bid(1, 'b'), bid(2, 'c\u2028c'), bid(12_000, 'a')])
const second = answered('k2', [bid(3_000, 'a'), bid(15_000, 'b', 'free'), bid(21_000, 'z', 0)], MINUTE + 10_000, 1)

function servedFor(batches: readonly AcceptedBatch[]): ServedWindow[] {
  return oracleWindows(batches, bids).map((window) => ({
    ...window,
    version: 'v1',
    edge: 0,
    burst: window.accepted - window.deadLettered,
  }))
}

async function accepted(batches: readonly AcceptedBatch[], name = 'accepted.ndjson'): Promise<string> {
  const file = join(folder, name)
  await writeFile(file, batches.map((batch) => `${JSON.stringify(batch)}\n`).join(''))
  return file
}

async function check(batches: readonly AcceptedBatch[]) {
  return verify({ accepted: [await accepted(batches)], url })
}

async function run(...args: string[]) {
  const out: string[] = []
  const err: string[] = []
  const code = await main(args, { out: (line) => out.push(line), err: (line) => err.push(line) })
  return { code, out: out.join('\n'), err: err.join('\n') }
}

describe('reading the windows', () => {
  test.each([1, 2, 3, 1_000])('pages of %p rows give the same windows', async (size) => {
    rowsPerPage = size
    expect(await fetchWindows(url)).toEqual(windows)
  })

  test('a window without rows that comes twice is not taken for its own continuation', async () => {
    rowsPerPage = 1
    windows = [windows[2]!, windows[2]!]
    expect(await fetchWindows(url)).toHaveLength(2)
  })

  test('the largest page is asked for', async () => {
    await fetchWindows(url)
    expect(requested).toEqual(['/v1/windows?limit=10000'])
  })

  test.each([
    [
      'a window without its count',
      () => ({ windows: [{ ...windows[0], accepted: null }], next: null }),
      /windows.0.accepted/,
    ],
    ['a cursor that leads to itself', () => ({ windows: [], next: 'again' }), /cursor again/],
    ['no JSON', () => 'no JSON', /does not answer JSON: no JSON/],
    ['an error', () => ({ code: 'not-ready' }), /answers 503: .*not-ready/],
  ])('%s is refused', async (_, answer, message) => {
    answerTo = answer
    await expect(fetchWindows(url)).rejects.toMatchObject({
      code: 'unexpected-answer',
      message: expect.stringMatching(message),
    })
  })
})

describe('the accepted files', () => {
  test('what was accepted and is served is exact, with late, dead-lettered and repeated ones counted', async () => {
    expect(await check([first, second, first])).toMatchObject({
      exact: true,
      pipeline: 'bids',
      batches: 2,
      repeats: 1,
      events: 6,
      late: 1,
      partlyLate: 0,
      deadLettered: 2,
      windows: 3,
      rows: 4,
      missing: 0,
      extra: 0,
      mismatched: 0,
      wrongAnswers: 0,
      conflictingKeys: 0,
    })
  })

  test('several files count together, and a repeat in another file counts once', async () => {
    const files = [await accepted([first], 'one'), await accepted([first, second], 'two')]
    expect(await verify({ accepted: files, url })).toMatchObject({ exact: true, batches: 2, repeats: 1 })
  })

  test('a last line without line feed counts', async () => {
    const file = await accepted([first, second])
    await writeFile(file, (await readFile(file, 'utf8')).trimEnd())
    expect(await verify({ accepted: [file], url })).toMatchObject({ exact: true, batches: 2 })
  })

  test('a batch that the edge node lost is found', async () => {
    const lost = answered('k3', [bid(40_000, 'q'), bid(1, 'a')])
    expect(await check([first, second, lost])).toMatchObject({ exact: false, missing: 1, mismatched: 3 })
  })

  test('a batch that the edge node counted twice is found', async () => {
    windows = servedFor([first, second, first])
    const report = await check([first, second])
    expect(report).toMatchObject({ exact: false, missing: 0, extra: 0 })
    expect(report.examples.mismatched).toContainEqual(
      expect.objectContaining({ field: 'accepted', expected: 3, actual: 6 }),
    )
  })

  test.each([
    ['late', { late: 0 }],
    ['accepted', { accepted: 3 }],
    ['partlyLate', { partlyLate: 1 }],
  ])('a wrong count of %s in an answer is found', async (_, wrong) => {
    const report = await check([first, { ...second, ...wrong }])
    expect(report).toMatchObject({ exact: false, wrongAnswers: 1, missing: 0, extra: 0, mismatched: 0 })
    expect(report.examples.wrongAnswers).toEqual([
      {
        key: 'k2',
        expected: { accepted: 2, late: 1, partlyLate: 0, rejected: 0 },
        actual: { accepted: 2, late: 1, partlyLate: 0, rejected: 0, ...wrong },
      },
    ])
  })

  test('an accepted line that should have been rejected is found', async () => {
    const report = await check([first, { ...second, accepted: 3, lines: [...second.lines, '{"auction":"a"}'] }])
    expect(report).toMatchObject({ exact: false, wrongAnswers: 1 })
    expect(report.examples.wrongAnswers[0]?.expected).toMatchObject({ accepted: 2, rejected: 1 })
  })

  test('a key used again with other contents or another answer is found, and its first record counts', async () => {
    const others = [
      { ...second, lines: second.lines.toReversed() },
      { ...second, horizon: null },
    ]
    const report = await check([first, second, ...others])
    expect(report).toMatchObject({ exact: false, conflictingKeys: 2, batches: 2, mismatched: 0, missing: 0 })
    expect(report.examples.conflictingKeys).toEqual(['k2', 'k2'])
  })
})

describe('the command', () => {
  test('exits with 0 when everything is exact, and says so', async () => {
    const { code, out, err } = await run('--accepted', await accepted([first, second]), '--url', url)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/6 accepted events in 2 batches[\s\S]*3 windows with 4 rows[\s\S]*exact: every window/)
  })

  test('exits with 1 on differences, shows them with both numbers, and writes the report', async () => {
    windows[0]!.rows[0]!.revenue = 1
    windows.pop()
    const [one, two, report] = [await accepted([first], 'one'), await accepted([second], 'two'), join(folder, 'r.json')]
    const { code, out } = await run('--accepted', one, '--accepted', two, '--url', url, '--report', report)
    expect(code).toBe(1)
    expect(out).toMatch(
      /1 windows missing:\n {2}\[\d+, \d+\)\n1 values mismatched:\n {2}.* key 'a' revenue: expected [\d.]+, served 1/,
    )
    expect(out).toMatch(/NOT exact; the edge node still has 2 windows that are not final/)
    expect(JSON.parse(await readFile(report, 'utf8'))).toMatchObject({
      exact: false,
      missing: 1,
      extra: 0,
      mismatched: 1,
      windows: 3,
      rows: 4,
      events: 6,
      late: 1,
    })
  })

  test('prints its report as one JSON document with --json, and nothing else', async () => {
    const file = await accepted([first, second])
    const { code, out } = await run('--accepted', file, '--url', url, '--json')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toEqual(await check([first, second]))
  })

  test('shows wrong answers and conflicting keys, a few of each', async () => {
    const conflicts = Array.from({ length: 7 }, (_, i) => ({ ...first, horizon: i }))
    const file = await accepted([first, { ...second, late: 0 }, ...conflicts])
    const { code, out } = await run('--accepted', file, '--url', url)
    expect(code).toBe(1)
    expect(out).toMatch(
      /1 answers with wrong counts:\n {2}batch k2: expected accepted 2, late 1, .*answered accepted 2, late 0/,
    )
    expect(out).toMatch(/7 keys used for different batches:\n( {2}k1\n){5} {2}... and 2 more\nNOT exact$/)
  })

  test.each([
    ['no --accepted', ['--url', 'http://127.0.0.1:1'], /--accepted/],
    ['an unknown option', ['--accepted', 'x', '--what'], /--what/],
    ['a --url that is none', ['--accepted', 'x', '--url', 'edge'], /http or https URL.* See spillway verify --help\.$/],
    [
      'a stray argument after an option',
      ['--accepted', 'x', '--report', 'y', 'z'],
      /Too many arguments.* See spillway verify --help\.$/,
    ],
  ])('exits with 2 on %s', async (_, args, message) => {
    const { code, err } = await run(...args)
    expect(code).toBe(2)
    expect(err).toMatch(message)
  })

  test('exits with 2, and not as if it had compared, when a file or the edge node cannot be read', async () => {
    const torn = join(folder, 'torn')
    await writeFile(torn, `${JSON.stringify(first)}\n{"key":"k2","hori`)
    const shapeless = join(folder, 'shapeless')
    await writeFile(shapeless, '{"key":"k2"}\n')
    const file = await accepted([first])
    const cases = [
      { args: ['--accepted', join(folder, 'none'), '--url', url], message: /none cannot be read/ },
      { args: ['--accepted', torn, '--url', url], message: /torn:2 is not JSON/ },
      { args: ['--accepted', shapeless, '--url', url], message: /shapeless:1 is not a record of a batch \(horizon/ },
      { args: ['--accepted', file, '--url', 'http://127.0.0.1:1'], message: /gives no answer/ },
    ]
    for (const { args, message } of cases) {
      const { code, err } = await run(...args)
      expect(code).toBe(2)
      expect(err).toMatch(message)
    }
  })

  test('names a file that is missing, also when no edge node answers, and asks for nothing', async () => {
    const nobody = 'http://127.0.0.1:9'
    for (const [file, why] of [
      [join(folder, 'acepted.ndjson'), 'there is none'],
      [folder, 'it is a folder'],
    ] as const) {
      const { code, err } = await run('--accepted', file, '--url', nobody)
      expect([code, err]).toEqual([2, expect.stringContaining(`${file} cannot be read (${why}); give --accepted`)])
      await run('--accepted', file, '--url', url)
    }
    expect(requested).toEqual([])
  })

  test('says what it found, and then that the report cannot be written', async () => {
    const file = await accepted([first, second])
    const { code, out, err } = await run('--accepted', file, '--url', url, '--report', join(folder, 'none', 'report'))
    expect([code, err]).toEqual([2, expect.stringMatching(/unwritable-report.*none\/report.*choose another/)])
    expect(out).toContain('exact')
  })

  test('prints its help and exits with 0', async () => {
    const { code, out } = await run('--help')
    expect(code).toBe(0)
    expect(out).toMatch(/--accepted <file\.\.\.>[\s\S]*Exit code/)
  })
})

describe('a batch of which more lines were rejected than its answer lists', () => {
  const garbage = ['x', 'y', 'z']
  const withGarbage = { ...first, lines: [...garbage, ...first.lines], unlisted: 3 }

  test('is checked where the text of the lines shows which they were', async () => {
    expect(await check([withGarbage, second])).toMatchObject({ exact: true, wrongAnswers: 0, uncheckableBatches: 0 })
  })

  test('is neither right nor wrong where it does not: its windows are left out, and the report says so', async () => {
    const future = { ...first, accepted: 3, unlisted: 1 } // one of the four was ahead of the clock
    const report = await check([future, second])
    expect(report).toMatchObject({ exact: false, missing: 0, mismatched: 0, wrongAnswers: 0, uncheckableBatches: 1 })
    expect(report.uncheckableWindows).toBe(2)
    const { code, out } = await run('--accepted', await accepted([future, second]), '--url', url)
    expect(code).toBe(1)
    expect(out).toContain('1 batches cannot be checked')
    expect(out).toContain('exact as far as it can be checked')
  })
})
