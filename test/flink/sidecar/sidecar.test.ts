import { describe, expect, test } from '@jest/globals'
import type { Pipeline } from '../../../core/pipeline/pipeline'
import { foldEnvelope } from '../../../core/protocol/fold'
import { mergeWindow } from '../../../core/protocol/merge'
import { addTally, type Partial, presentRows, type Tally, zeroTally } from '../../../core/protocol/partial'
import type { SidecarClient } from '../../../flink/sidecar/client'
import {
  type Admitted,
  decodeAdmitted,
  decodeFolded,
  encodeAdmit,
  encodeFold,
  encodeHello,
  encodeLate,
  encodeMerge,
  encodePresent,
  type Folded,
  KIND,
} from '../../../flink/sidecar/messages'
import { MAX_REQUESTS_IN_FLIGHT } from '../../../flink/sidecar/server'
import { unpackPartial } from '../../../flink/sidecar/windows'
import { event, SIZE_MS, T0, testPipeline, VERSION } from '../../support/fixture'
import { MemoryCloud } from '../../support/memory-cloud'
import { runningSidecars } from './running-sidecar'

const start = runningSidecars()
const source = 'run/topic/0'

const recordsOf = (lines: readonly string[], firstOffset = 0) =>
  lines.map((line, index) => ({ offset: firstOffset + index, bytes: Buffer.from(line) }))

async function admit(client: SidecarClient, lines: readonly string[], firstOffset = 0): Promise<Admitted> {
  return decodeAdmitted(
    await client.ask(KIND.admit, encodeAdmit({ source, firstOffset, records: recordsOf(lines, firstOffset) })),
  )
}

async function fold(client: SidecarClient, firstOffset = 0): Promise<Folded> {
  return decodeFolded(await client.ask(KIND.fold, encodeFold({ source, firstOffset, again: null })))
}

/** What the edge's own fold makes of the lines, by pane. */
async function edgeFold(pipeline: Pipeline, lines: readonly string[]): Promise<ReadonlyMap<number, Partial>> {
  const header = { pipeline: pipeline.name, version: VERSION, incarnation: 'test', number: 0, firstOffset: 0 }
  const envelope = { ...header, count: lines.length, horizonMs: Number.NEGATIVE_INFINITY, digest: '', lines }
  return (await foldEnvelope(pipeline, envelope)).panes
}

const LINES = [event('a', 1, 0.1), event('b', 2, 0.2), event('a', 3, 0.3), event('a', 12, 1), event('b', 4, 'poison')]

describe('the sidecar', () => {
  test.each(['never', 'always'] as const)('folds as the edge does, with bursting %s', async (mode) => {
    const { client, cloud, pipeline } = await start({ mode })
    await client.hello('test')
    await admit(client, LINES)
    const { lane, panes } = await fold(client)
    const expected = await edgeFold(pipeline, LINES)
    expect(lane).toBe(mode === 'always' ? 'burst' : 'edge')
    expect(cloud.calls > 0).toBe(mode === 'always')
    expect(panes.map(({ startMs }) => startMs).sort()).toEqual([...expected.keys()].sort())
    for (const { startMs, folded, dead, partial } of panes) {
      const edge = expected.get(startMs)!
      expect([folded, dead]).toEqual([edge.folded.count, edge.dead.count])
      expect(presentRows(pipeline, unpackPartial(pipeline, partial))).toEqual(presentRows(pipeline, edge))
    }
  })

  test('folds itself what the cloud does not finish', async () => {
    const pipeline = testPipeline()
    const cloud = new MemoryCloud(pipeline, 'another version, which refuses every envelope')
    const { client } = await start({ mode: 'always', pipeline, cloud })
    await client.hello('test')
    await admit(client, LINES)
    expect((await fold(client)).lane).toBe('edge')
    expect(cloud.calls).toBeGreaterThan(0)
  })

  test('admits by the rules of the edge, and names what is no event', async () => {
    const { client } = await start({ mode: 'never' })
    await client.hello('test')
    const lines = ['no json', event('a', 1), '[1]', event('a', 11), event('b', 2), '{"k":"a"}']
    const { letters, ...answer } = await admit(client, lines, 70)
    expect(letters.map(read).map(({ offset, record, code }) => [offset, record, code])).toEqual([
      [70, 'no json', 'invalid_json'],
      [72, '[1]', 'not_an_object'],
      [75, '{"k":"a"}', 'missing_timestamp'],
    ])
    expect(answer).toEqual({
      rejected: [0, 2, 5],
      newestMs: T0 + 11_000,
      panes: [
        { startMs: T0, accepted: 2 },
        { startMs: T0 + SIZE_MS, accepted: 1 },
      ],
    })
  })

  test('takes a record of several lines as one event', async () => {
    const { client } = await start({ mode: 'always' })
    await client.hello('test')
    expect((await admit(client, [JSON.stringify(JSON.parse(event('a', 1)), null, 2)])).rejected).toEqual([])
    const { panes } = await fold(client)
    expect(panes.map(({ folded }) => folded)).toEqual([1])
  })

  test('of an envelope without events nothing is folded', async () => {
    const { client } = await start({ mode: 'always' })
    await client.hello('test')
    expect(await admit(client, ['x'])).toMatchObject({ rejected: [0], newestMs: null, panes: [] })
    await expect(fold(client)).rejects.toMatchObject({ code: 'unknown_envelope' }) // nor kept
    const again = { rejected: [0], records: recordsOf(['x']) }
    const asked = client.ask(KIND.fold, encodeFold({ source, firstOffset: 0, again }))
    expect(decodeFolded(await asked)).toEqual({ lane: 'edge', panes: [], letters: [] })
  })

  test('asks for the records again when it had to let them go, and does not judge them anew', async () => {
    const { client } = await start({ mode: 'never', keptBytes: 0 })
    await client.hello('test')
    const lines = ['x', ...LINES]
    const { rejected } = await admit(client, lines)
    await expect(fold(client)).rejects.toMatchObject({ code: 'unknown_envelope', retryable: true })
    const again = { rejected, records: recordsOf(lines) }
    const answer = decodeFolded(await client.ask(KIND.fold, encodeFold({ source, firstOffset: 0, again })))
    expect(answer.panes.reduce((events, { accepted }) => events + accepted.count, 0)).toBe(LINES.length)
  })

  test('merges and presents to what the edge makes of the same partials', async () => {
    const { client, pipeline } = await start({ mode: 'never' })
    await client.hello('test')
    const halves = [LINES.slice(0, 2), LINES.slice(2, 3), LINES.slice(4)]
    const parts: Folded['panes'][number][] = []
    for (const [index, half] of halves.entries()) {
      await admit(client, half, index)
      parts.push(...(await fold(client, index)).panes)
    }
    const merged = await client.ask(KIND.merge, encodeMerge(parts.slice(0, 2).map(({ partial }) => partial)))
    const accepted = sumOf(parts.map((part) => part.accepted))
    const window = { startMs: T0, endMs: T0 + SIZE_MS, accepted, edge: 3, burst: 0, dead: 1 }
    const asked = encodePresent({ ...window, partials: [merged, parts[2]!.partial] })
    const shown = JSON.parse(Buffer.from(await client.ask(KIND.present, asked)).toString())
    const expected = mergeWindow(
      pipeline,
      window,
      accepted,
      parts.map((part) => unpackPartial(pipeline, part.partial)),
      [],
    )
    expect(shown).toEqual({
      pipeline: 'test',
      start: T0,
      end: T0 + SIZE_MS,
      version: VERSION,
      accepted: 4,
      edge: 3,
      burst: 0,
      deadLettered: 1,
      rows: 'rows' in expected && expected.rows,
    })
  })

  test('a window that lacks a partial, or has one twice, is never final', async () => {
    const { client } = await start({ mode: 'never' })
    await client.hello('test')
    await admit(client, LINES.slice(0, 1))
    await admit(client, LINES.slice(1, 2), 1)
    const [one, two] = [(await fold(client, 0)).panes[0]!, (await fold(client, 1)).panes[0]!]
    const accepted = sumOf([one.accepted, two.accepted])
    const window = { startMs: T0, endMs: T0 + SIZE_MS, accepted, edge: 2, burst: 0, dead: 0 }
    for (const partials of [[one.partial], [one.partial, one.partial]]) {
      await expect(client.ask(KIND.present, encodePresent({ ...window, partials }))).rejects.toMatchObject({
        code: 'unbalanced',
        retryable: false,
      })
    }
  })

  test.each([
    ['protocol_version', { protocol: 1, pipeline: 'test', version: '' }],
    ['unknown_pipeline', { protocol: 2, pipeline: 'other', version: '' }],
    ['pipeline_version', { protocol: 2, pipeline: 'test', version: 'old' }],
  ])('refuses a hello that does not fit: %s', async (code, hello) => {
    const { client } = await start({ mode: 'never' })
    await expect(client.ask(KIND.hello, encodeHello(hello))).rejects.toMatchObject({ code, retryable: false })
    await expect(client.ask(KIND.facts)).rejects.toMatchObject({ code: 'hello_first' })
  })

  test('refuses what it cannot read by name, and goes on', async () => {
    const { client } = await start({ mode: 'never' })
    await client.hello('test')
    await expect(client.ask(KIND.admit, Buffer.from([0, 0, 0, 9, 1]))).rejects.toMatchObject({
      code: 'malformed_request',
    })
    await expect(client.ask(KIND.merge, encodeMerge([Buffer.from('{}')]))).rejects.toMatchObject({
      code: 'malformed_request',
    })
    await expect(client.ask(99)).rejects.toMatchObject({ code: 'malformed_request' })
    expect(JSON.parse(Buffer.from(await client.ask(KIND.facts)).toString())).toHaveProperty('events')
  })

  test.each(['never', 'always'] as const)(
    'an event that cannot be folded is a letter with its place, its reason and itself, with bursting %s',
    async (mode) => {
      const { client } = await start({ mode })
      await client.hello('test')
      const records = [
        { offset: 40, bytes: Buffer.from('no json') },
        { offset: 45, bytes: Buffer.from(event('a', 1)) },
        { offset: 47, bytes: Buffer.from(event('b', 4, 'poison')) }, // offsets are not dense
      ]
      await client.ask(KIND.admit, encodeAdmit({ source, firstOffset: 40, records }))
      const { letters } = await fold(client, 40)
      expect(letters.map(read)).toEqual([
        {
          ...{ pipeline: 'test', version: VERSION, kind: 'dead', topic: 'topic', partition: 0, offset: 47 },
          ...{ code: 'not_a_number', reason: expect.any(String), record: event('b', 4, 'poison') },
        },
      ])
    },
  )

  test('what comes too late for a window is a letter that says where its events are', async () => {
    const { client } = await start({ mode: 'never' })
    await client.hello('test')
    const late = {
      ...{ source: 'run/with/slashes/topic/3', firstOffset: 40, lastOffset: 47, startMs: T0, endMs: T0 + SIZE_MS },
      ...{ accepted: { count: 5, sum: { hi: 1, lo: 2 } }, edge: 4, burst: 0, dead: 1 },
    }
    expect(read(await client.ask(KIND.late, encodeLate(late)))).toEqual({
      ...{ pipeline: 'test', version: VERSION, kind: 'late', topic: 'topic', partition: 3, offset: 40, lastOffset: 47 },
      ...{ code: 'late', reason: expect.any(String) },
      window: { start: T0, end: T0 + SIZE_MS, accepted: 5, edge: 4, burst: 0, deadLettered: 1 },
    })
  })

  test('asks to wait while as much is being folded as it may hold, and keeps what waits', async () => {
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const pipeline = testPipeline({ map: async (one) => held.then(() => one) })
    const line = event('a', 1)
    const settings = { maxBacklogBytes: 1024, maxEnvelopeBytes: 1024 }
    const { client } = await start({ mode: 'never', pipeline, keptBytes: 1e6, settings })
    await client.hello('test')
    const lines = Array.from({ length: Math.ceil(1024 / line.length) }, () => line)
    await admit(client, lines, 0)
    await admit(client, [line], 1_000)
    const first = fold(client, 0)
    await expect(fold(client, 1_000)).rejects.toMatchObject({ code: 'too_many_requests', retryable: true })
    release()
    await first
    expect((await fold(client, 1_000)).panes).toHaveLength(1)
  })

  test('takes so many requests at once and no more', async () => {
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const pipeline = testPipeline({ map: async (one) => held.then(() => one) })
    const { client } = await start({ mode: 'never', pipeline, keptBytes: 1e6 })
    await client.hello('test')
    const asked = Array.from({ length: MAX_REQUESTS_IN_FLIGHT + 1 }, (_, firstOffset) => {
      const again = { rejected: [], records: recordsOf([event('a', 1)], firstOffset) }
      return client.ask(KIND.fold, encodeFold({ source, firstOffset, again }))
    })
    await expect(asked.pop()).rejects.toMatchObject({ code: 'too_many_requests', retryable: true })
    release()
    expect(await Promise.all(asked)).toHaveLength(MAX_REQUESTS_IN_FLIGHT)
  })
})

interface Letter {
  readonly kind: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly code: string
  readonly reason: string
  readonly record?: string | null
  readonly window?: object
}

const read = (letter: Uint8Array): Letter => JSON.parse(Buffer.from(letter).toString())

function sumOf(tallies: readonly Tally[]): Tally {
  const sum = zeroTally()
  for (const tally of tallies) addTally(sum, tally)
  return sum
}
