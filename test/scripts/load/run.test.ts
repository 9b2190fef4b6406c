import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { LoadError } from '../../../scripts/load/load-error'
import type { LoadOptions } from '../../../scripts/load/options'
import type { LoadProgress } from '../../../scripts/load/progress'
import type { LoadReport } from '../../../scripts/load/report'
import { runLoad } from '../../../scripts/load/run'
import { answer, jumpingClock, openTestNode, smallRun, type TestNode, take } from './load-fixtures'

let node: TestNode | undefined
let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'spillway-load-'))
})
afterEach(async () => {
  await node?.close()
  await rm(directory, { recursive: true })
})

const start = async (...respond: Parameters<typeof openTestNode>) => {
  node = await openTestNode(...respond)
  return node
}
const run = ({ url }: TestNode, more: Partial<LoadOptions> = {}) =>
  runLoad(smallRun(url, more), { clock: jumpingClock() })
const sumOf = (report: LoadReport) =>
  report.accepted + report.late + report.rejected + report.failed + report.unanswered

describe('a run', () => {
  test('sends the whole schedule in order, with dense keys and the intended time of the first event', async () => {
    const server = await start(take)
    const report = await run(server)
    expect(server.received.map(({ key }) => key)).toEqual(Array.from({ length: 10 }, (_, i) => `test-1-${i}`))
    expect(server.received.map(({ scheduledAtMs }) => scheduledAtMs - report.scheduleStartMs)).toEqual(
      Array.from({ length: 10 }, (_, i) => i * 10),
    )
    expect(report).toMatchObject({
      sent: 1000,
      accepted: 1000,
      unanswered: 0,
      unsent: 0,
      interrupted: false,
      seconds: 0.1,
    })
  })

  test('sends the same events again for the same seed, and others for another', async () => {
    const server = await start(take)
    const eventsOf = async (seed: number) => {
      const report = await run(server, { seed })
      const lines = server.received.splice(0).flatMap((request) => request.lines.map((line) => JSON.parse(line)))
      return lines.map((bid) => ({ ...bid, dateTime: bid.dateTime - report.scheduleStartMs }))
    }
    const first = await eventsOf(1)
    expect(await eventsOf(1)).toEqual(first)
    expect(await eventsOf(2)).not.toEqual(first)
    expect(first.map(({ dateTime }) => dateTime)).toEqual(Array.from({ length: 1000 }, (_, n) => Math.floor(n / 10)))
  })

  test('waits behind a batch refused with 429 and sends it again, the same to the bit', async () => {
    const server = await start((request, response) => {
      if (request.key === 'test-1-3' && request.attempt < 2) {
        answer(response, 429, { code: 'busy', message: 'full', retryAfterMs: 20 }, { 'retry-after': '1' })
      } else take(request, response)
    })
    const report = await run(server)
    expect(server.received.map(({ key }) => Number(key.slice(7)))).toEqual([0, 1, 2, 3, 3, 3, 4, 5, 6, 7, 8, 9])
    expect(new Set(server.received.slice(3, 6).map(({ lines }) => lines.join())).size).toBe(1)
    expect(report).toMatchObject({ sent: 1000, accepted: 1000, refusals429: 2, retries: 2 })
    expect(report.reasons).toEqual({ '429 busy full': 2 })
  })

  test('counts latency from the intended time, so a refusal makes it long', async () => {
    const server = await start((request, response) => {
      if (request.attempt === 0) answer(response, 503, {}, { 'retry-after': '7' })
      else take(request, response)
    })
    const report = await run(server)
    expect(report.latencyMs.p50).toBeGreaterThanOrEqual(7000)
    expect(report.retries).toBe(10)
  })

  test.each([
    ['before the answer', 0],
    ['in the middle of it', 30],
  ])('sends a batch again under the same key when the connection is lost %s', async (_, bytes) => {
    const server = await start((request, response) => {
      if (request.key !== 'test-1-5' || request.attempt > 0) return take(request, response)
      response.writeHead(202, { 'content-length': '1000' })
      if (bytes > 0) response.write('x'.repeat(bytes), () => response.destroy())
      else response.destroy()
    })
    const report = await run(server)
    expect(server.received.filter(({ key }) => key === 'test-1-5')).toHaveLength(2)
    expect(report).toMatchObject({ accepted: 1000, refusals429: 0, retries: 1 })
  })

  test('counts a 4xx as failed, says why, and goes on', async () => {
    const server = await start((request, response) => {
      if (request.key === 'test-1-0') answer(response, 413, { code: 'too-large', message: 'smaller, please' })
      else take(request, response)
    })
    const report = await run(server)
    expect(report).toMatchObject({ sent: 1000, accepted: 900, failed: 100, retries: 0 })
    expect(report.reasons).toEqual({ '413 too-large smaller, please': 100 })
  })

  test('counts a batch of which every line was rejected as rejected: it was answered, and is not sent again', async () => {
    const server = await start((request, response) => {
      if (request.key !== 'test-1-0') return take(request, response)
      const rejected = [{ line: 1, code: 'schema', reason: 'no' }]
      const error = { code: 'all_rejected', message: 'every line was rejected', retryable: false }
      const counts = { accepted: 0, late: 0, partlyLate: 0, horizon: null, rejected, moreRejected: 99 }
      answer(response, 422, { ...error, ...counts })
    })
    const report = await run(server)
    expect(report).toMatchObject({ sent: 1000, accepted: 900, rejected: 100, failed: 0, retries: 0 })
  })

  test('counts an answer that is not the documented one as failed', async () => {
    const server = await start((_, response) => answer(response, 202, { accepted: 'all' }))
    expect(await run(server)).toMatchObject({ sent: 1000, failed: 1000 })
  })

  test('accounts for every event: accepted, late, rejected', async () => {
    const server = await start((request, response) =>
      take(request, response, {
        accepted: 95,
        late: 3,
        partlyLate: 4,
        rejected: [1, 100].map((line) => ({ line, code: 'bad-json', reason: 'no' })),
      }),
    )
    const report = await run(server)
    expect(report).toMatchObject({ accepted: 950, late: 30, partlyLate: 40, rejected: 20 })
    expect(report.reasons).toEqual({ 'bad-json': 20 })
    expect(sumOf(report)).toBe(report.sent)
  })

  test('gives up after the drain time and says what is missing', async () => {
    const server = await start((_, response) => answer(response, 503, {}))
    const report = await run(server, { drainMs: 5000 })
    expect(report).toMatchObject({ sent: 100, unanswered: 100, unsent: 900, accepted: 0 })
  })

  test('survives a server that is away', async () => {
    const server = await start(take)
    await server.close()
    node = undefined
    const report = await run(server, { drainMs: 100 })
    expect(report).toMatchObject({ sent: 100, unanswered: 100, unsent: 900 })
    expect(Object.keys(report.reasons)).toEqual(['connection lost (ECONNREFUSED)'])
  })

  test('ends early when it is stopped, after the answers in flight', async () => {
    const stop = new AbortController()
    const server = await start((request, response) => {
      if (request.key === 'test-1-4') stop.abort()
      if (request.key === 'test-1-4' && request.attempt === 0) answer(response, 429, { retryAfterMs: 10 })
      else take(request, response)
    })
    const report = await runLoad(smallRun(server.url), { clock: jumpingClock(), stop: stop.signal })
    expect(report).toMatchObject({ interrupted: true, sent: 500, accepted: 500, unanswered: 0 })
  })

  test('reports where the spike was and the rate second by second', async () => {
    const server = await start(take)
    const report = await run(server, {
      profile: { kind: 'spike', rate: 100, peak: 300, startSeconds: 1, lengthSeconds: 2 },
      seconds: 4,
    })
    expect(report.stepStartMs).toBe(report.scheduleStartMs + 1000)
    expect(report.spikeEndMs).toBe(report.scheduleStartMs + 3000)
    expect(report.ratePerSecond.slice(0, 4).map(({ t, scheduled }) => [t, scheduled])).toEqual([
      [0, 100],
      [1, 300],
      [2, 300],
      [3, 100],
    ])
    expect(report.ratePerSecond.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(800)
  })

  test('tells its progress, the last time with everything', async () => {
    const server = await start(take)
    const seen: LoadProgress[] = []
    await runLoad(smallRun(server.url, { seconds: 3, profile: { kind: 'constant', rate: 100 } }), {
      clock: jumpingClock(),
      onProgress: (progress) => seen.push(progress),
    })
    expect(seen.length).toBeGreaterThan(2)
    expect(seen[seen.length - 1]).toMatchObject({ scheduled: 300, sent: 300, accepted: 300 })
  })
})

describe('the file of accepted events', () => {
  test('has each answered batch with its horizon and its lines less the rejected ones', async () => {
    const server = await start((request, response) => {
      const rejected = [{ line: 2, code: 'no-key', reason: 'auction is missing' }]
      if (request.key === 'test-1-9') answer(response, 400, { code: 'no' })
      else take(request, response, { accepted: 98, late: 1, horizon: 1234, rejected })
    })
    const acceptedFile = join(directory, 'accepted.ndjson')
    await run(server, { acceptedFile, connections: 4 })
    const records = (await readFile(acceptedFile, 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    const byKey = new Map(server.received.map((request) => [request.key, request.lines]))
    expect(records).toHaveLength(9)
    for (const { key, lines, ...counts } of records) {
      expect(counts).toEqual({ horizon: 1234, accepted: 98, late: 1, partlyLate: 0 })
      expect(lines).toEqual(byKey.get(key)?.filter((_, index) => index !== 1))
    }
  })

  test('that cannot be written is refused before anything is sent', async () => {
    const server = await start(take)
    await expect(run(server, { acceptedFile: join(directory, 'no', 'file') })).rejects.toThrow(LoadError)
    expect(server.received).toEqual([])
  })
})

describe('real events', () => {
  const sentLines = async (name: string, content: string, more: Partial<LoadOptions> = {}) => {
    const eventFile = join(directory, name)
    await writeFile(eventFile, content)
    const server = await start(take)
    const report = await run(server, { eventFile, ...more })
    return { report, lines: server.received.flatMap(({ lines }) => lines) }
  }

  test('of an NDJSON file go out as they are, in the rhythm of the schedule, until the file ends', async () => {
    const content = Array.from({ length: 250 }, (_, n) => `{"n": ${n}, "text": "grüß"}`)
    const { report, lines } = await sentLines('events.ndjson', content.join('\n\n'))
    expect(lines).toEqual(content)
    expect(report).toMatchObject({ sent: 250, accepted: 250, unsent: 0, interrupted: false })
    expect(report.ratePerSecond[0]?.scheduled).toBe(250)
  })

  test('end with the seconds when the file is longer', async () => {
    const { report } = await sentLines('events.ndjson', '{}\n'.repeat(2000))
    expect(report).toMatchObject({ sent: 1000, accepted: 1000, unsent: 0 })
  })

  test('of a CSV file become objects with numbers where the cells look like numbers', async () => {
    const content = '\ufeffTIMESTAMP,Tokens,note\r\n2023-11-16 18:17:03.9799600,4808,"a, ""b"""\r\n2023,-1.5e3,007\r\n'
    const { lines } = await sentLines('usage.CSV', content)
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { TIMESTAMP: '2023-11-16 18:17:03.9799600', Tokens: 4808, note: 'a, "b"' },
      { TIMESTAMP: 2023, Tokens: -1500, note: '007' },
    ])
  })

  test.each(['none.ndjson', 'none.csv'])('of the missing file %s are refused by name', async (name) => {
    const server = await start(take)
    await expect(run(server, { eventFile: join(directory, name) })).rejects.toThrow(`${name} cannot be read`)
  })

  test('of a malformed CSV file are refused by name', async () => {
    await expect(sentLines('bad.csv', 'a,b\n1,2\n1,2,3\n')).rejects.toThrow('bad.csv cannot be read')
  })
})
