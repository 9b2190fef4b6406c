import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { sliding } from '../../../core/pipeline/window'
import { acceptedDigest } from '../../../edge-node/closing/merger'
import type { LetterPage, ListedLetter } from '../../../edge-node/dead-letters/dead-letters'
import { type CorrectionPage, Replays } from '../../../edge-node/dead-letters/replays'
import { eventually } from '../../support/eventually'
import {
  event,
  type NodeOptions,
  T0,
  type TestEvent,
  type TestNode,
  testNodes,
  testPipeline,
} from '../../support/fixture'

const { start, newFolder } = testNodes()

/** A node whose `map` fails for the keys in `failing`, and hangs for those in `hanging`. */
async function moodyNode(options: NodeOptions = {}, windowing: Parameters<typeof testPipeline>[0] = {}) {
  const mood = { failing: new Set<string>(), hanging: new Set<string>() }
  const map = async (e: TestEvent) => {
    if (mood.failing.has(e.k)) throw new Error('the service is away')
    return mood.hanging.has(e.k) ? new Promise<TestEvent>(() => {}) : e
  }
  const pipeline = testPipeline({ map, mapTimeout: 20, ...windowing })
  const node = await start({ ...options, pipeline })
  return { ...node, mood, pipeline, ...client(node) }
}

function client({ app }: Pick<TestNode, 'app'>) {
  const replay = async (ids: readonly string[], dryRun = false) =>
    (await app.inject({ method: 'POST', url: '/v1/replays', payload: { ids, dryRun } })).json().replays
  const letters = async (query = ''): Promise<readonly ListedLetter[]> =>
    ((await app.inject(`/v1/dead-letters?${query}`)).json() as LetterPage).deadLetters
  const corrections = async (query = ''): Promise<CorrectionPage> =>
    (await app.inject(`/v1/corrections?${query}`)).json()
  const oneLetter = () =>
    eventually(async () => {
      const [letter] = await letters()
      if (letter === undefined) throw new Error('there is no dead letter')
      return letter
    })
  return { replay, letters, corrections, oneLetter }
}

const done = (resent: boolean, corrected: number, waiting = 0) => ({ kind: 'replayed', resent, corrected, waiting })

describe('a dead letter whose window is open', () => {
  test('is sent again as an event, once, however often it is replayed', async () => {
    const { mood, post, windows, oneLetter, replay, corrections, status } = await moodyNode()
    mood.failing.add('a')
    await post([event('a', 1, 5), event('b', 2)].join('\n'))
    const { id, offset } = await oneLetter()
    mood.failing.clear()
    expect(await replay([id])).toEqual([{ id, offset, ...done(true, 0) }])
    expect(await replay([id])).toEqual([{ id, offset, ...done(false, 0) }])
    await post(event('closer', 13))
    const [first] = await windows(1)
    expect(first).toMatchObject({ accepted: 3, edge: 2, deadLettered: 1 })
    expect(first!.rows).toContainEqual({ key: 'a', n: 1, total: 5 })
    expect(await replay([id])).toEqual([{ id, offset, ...done(false, 0) }])
    expect((await corrections()).corrections).toEqual([])
    expect((await status()).events).toMatchObject({ accepted: 4, deadLettered: 1 })
  })

  test('also when it timed out', async () => {
    const { mood, post, oneLetter, replay } = await moodyNode()
    mood.hanging.add('a')
    await post(event('a', 1))
    const { id, code } = await oneLetter()
    expect(code).toBe('map_timeout')
    expect(await replay([id])).toMatchObject([{ kind: 'failed', code: 'map_timeout' }])
    mood.hanging.clear()
    expect(await replay([id])).toMatchObject([done(true, 0)])
  })

  test('that fails again says so, stays a dead letter, and is not sent', async () => {
    const { mood, post, oneLetter, replay, letters, status } = await moodyNode()
    mood.failing.add('a')
    await post(event('a', 1))
    const { id, offset } = await oneLetter()
    const reason = expect.stringMatching(/^map failed at test.*replays\.test\.ts:\d+: the service is away$/)
    expect(await replay([id])).toEqual([{ id, offset, kind: 'failed', code: 'map_failed', reason }])
    expect(await letters()).toHaveLength(1)
    expect((await status()).events.accepted).toBe(1)
  })

  test('waits while the node takes no events', async () => {
    const { mood, post, oneLetter, replay, diskSpace } = await moodyNode()
    mood.failing.add('a')
    await post(event('a', 1))
    const { id } = await oneLetter()
    mood.failing.clear()
    diskSpace.isLow = true
    expect(await replay([id])).toMatchObject([{ kind: 'refused', reason: 'the disk is nearly full' }])
    diskSpace.isLow = false
    expect(await replay([id])).toMatchObject([done(true, 0)])
  })
})

describe('a dead letter whose window is final', () => {
  /** A node with a final window that one event is missing from. */
  async function finalNode(options: NodeOptions = {}) {
    const node = await moodyNode(options)
    node.mood.failing.add('a')
    await node.post([event('a', 1, 5), event('b', 2)].join('\n'))
    await node.post(event('closer', 13))
    await node.windows(1)
    node.mood.failing.clear()
    return { ...node, letter: await node.oneLetter() }
  }
  const window = { pipeline: 'test', version: 'v1', start: T0, end: T0 + 10_000 }
  const corrected = { ...window, rows: [{ key: 'a', n: 1, total: 5 }], atMs: expect.any(Number) }

  test('becomes a correction, once, and the result of the window stays as it is', async () => {
    const { letter, replay, corrections, windows } = await finalNode()
    const before = await windows(1)
    const { id, offset, digest } = letter
    expect(await replay([id])).toEqual([{ id, offset, ...done(false, 1) }])
    expect(await replay([id, id])).toEqual([1, 2].map(() => ({ id, offset, ...done(false, 0) })))
    expect((await corrections()).corrections).toEqual([{ ...corrected, offset, digest }])
    expect(await windows(1)).toEqual(before)
  })

  test('once also when it is replayed twice at the same time, and after a restart', async () => {
    const { letter, replay, corrections, folder, stop } = await finalNode()
    await replay([letter.id, letter.id, letter.id])
    expect((await corrections()).corrections).toHaveLength(1)
    await stop()
    const again = await moodyNode({ folder })
    expect(await again.replay([letter.id])).toMatchObject([done(false, 0)])
    expect((await again.corrections()).corrections).toHaveLength(1)
    expect(
      (await readFile(join(folder, 'corrections', '0000000000000000.ndjson'), 'utf8')).trimEnd().split('\n'),
    ).toHaveLength(1)
  })

  test('shows in a dry run what would be done, and nothing is', async () => {
    const { letter, replay, corrections } = await finalNode()
    expect(await replay([letter.id], true)).toMatchObject([done(false, 1)])
    expect((await corrections()).corrections).toEqual([])
  })

  test('waits while its window is closed and not final', async () => {
    const node = await moodyNode({ config: { mode: 'always' } })
    node.mood.failing.add('a')
    await node.post(event('a', 1))
    const { id } = await node.oneLetter()
    node.mood.failing.clear()
    node.cloud.held = true
    await node.post(event('b', 2))
    await node.post(event('closer', 13))
    await eventually(async () => expect((await node.status()).windows.closing).toBe(1))
    expect(await node.replay([id])).toMatchObject([done(false, 0, 1)])
    node.cloud.release()
    await node.windows(1)
    expect(await node.replay([id])).toMatchObject([done(false, 1)])
  })

  test('keeps its place among the pages of corrections', async () => {
    const { mood, post, windows, letters, replay, corrections } = await moodyNode()
    mood.failing.add('a')
    for (let second = 0; second < 5; second++) await post(event('a', second, second))
    await post(event('closer', 13))
    await windows(1)
    mood.failing.clear()
    await replay((await letters()).map(({ id }) => id))
    const whole = (await corrections()).corrections
    expect(whole).toHaveLength(5)
    for (const limit of [1, 2, 5]) {
      const joined: unknown[] = []
      for (let cursor: string | null = '0.0'; cursor !== null; ) {
        const page: CorrectionPage = await corrections(`limit=${limit}&cursor=${cursor}`)
        joined.push(...page.corrections)
        cursor = page.next
      }
      expect(joined).toEqual(whole)
    }
  })
})

test('with sliding windows, some final and some open, it becomes a correction and an event', async () => {
  const window = sliding('30s', '10s')
  const { mood, post, windows, oneLetter, replay, corrections } = await moodyNode({}, { window })
  mood.failing.add('a')
  await post(event('a', 1, 5))
  await post(event('closer', 13))
  await windows(1)
  const { id } = await oneLetter()
  mood.failing.clear()
  expect(await replay([id])).toMatchObject([done(true, 1)])
  await post(event('closer', 43))
  const final = await windows(4)
  const ofA = final.map(({ end, rows }) => [(end - T0) / 1_000, rows.filter(({ key }) => key === 'a').length])
  expect(ofA.slice(0, 4)).toEqual([
    [10, 0],
    [20, 1],
    [30, 1],
    [40, 0],
  ])
  expect((await corrections()).corrections).toMatchObject([{ end: T0 + 10_000 }])
  expect(await replay([id])).toMatchObject([done(false, 0)])
})

describe('an event that was dead-lettered stays dead', () => {
  test('through a crash, also where map would take it now: what was replayed does not count twice', async () => {
    const first = await moodyNode()
    first.mood.failing.add('a')
    await first.post([event('a', 1, 5), event('b', 2)].join('\n'))
    const { id } = await first.oneLetter()
    first.mood.failing.clear()
    await first.replay([id])
    const folder = await newFolder()
    await cp(first.folder, folder, { recursive: true })
    const { post, windows, replay } = await moodyNode({ folder })
    await post(event('closer', 13))
    const [window] = await windows(1)
    expect(window).toMatchObject({ accepted: 3, deadLettered: 1 })
    expect(window!.rows).toContainEqual({ key: 'a', n: 1, total: 5 })
    expect(await replay([id])).toMatchObject([done(false, 0)])
  })

  test('through a crash right after it was sent again, when only the log knows that it was', async () => {
    const first = await moodyNode()
    first.mood.failing.add('a')
    await first.post(event('a', 1))
    const { id } = await first.oneLetter()
    first.mood.failing.clear()
    await first.replay([id])
    const folder = await newFolder()
    const filter = (path: string) => !path.endsWith('/replays')
    await cp(first.folder, folder, { recursive: true, filter })
    const { post, windows, replay, corrections } = await moodyNode({ folder })
    await post(event('closer', 13))
    expect((await windows(1))[0]!.rows).toEqual([{ key: 'a', n: 1, total: 1 }])
    expect(await replay([id])).toMatchObject([done(false, 0)])
    expect((await corrections()).corrections).toEqual([])
  })

  test('and is folded at the edge then, since no function knows it', async () => {
    const first = await moodyNode()
    first.mood.failing.add('a')
    await first.post([event('a', 1, 5), event('b', 2)].join('\n'))
    await first.oneLetter()
    const folder = await newFolder()
    await cp(first.folder, folder, { recursive: true })
    const { windows, post, cloud } = await moodyNode({ folder, config: { mode: 'always' } })
    await post(event('closer', 13))
    expect((await windows(1))[0]).toMatchObject({ accepted: 2, edge: 1, burst: 0, deadLettered: 1 })
    expect(cloud.merges).toBe(0)
  })

  test('and a candidate in the cloud with other dead letters does not fit its window', () => {
    const account = { endMs: 10, accepted: [3, '0'] as const, edge: [[1, 'x'] as const], burst: [[0, 'y'] as const] }
    const dead = new Map([[4, 'map_timeout' as const]])
    const digests = [undefined, new Map(), dead, new Map([...dead, [2, 'map_failed' as const]])].map((known) =>
      acceptedDigest(account, ({ digest }) => (digest === 'y' ? known : undefined)),
    )
    expect(digests[0]).toBe(digests[1])
    expect(new Set(digests).size).toBe(3)
  })
})

describe('a request that cannot be answered', () => {
  test.each([
    ['GET', '/v1/dead-letters?limit=0', undefined, 'invalid_query'],
    ['GET', '/v1/dead-letters?limit=1001', undefined, 'invalid_query'],
    ['GET', '/v1/dead-letters?cursor=x', undefined, 'invalid_cursor'],
    ['GET', '/v1/corrections?limit=x', undefined, 'invalid_query'],
    ['GET', '/v1/corrections?cursor=-1', undefined, 'invalid_cursor'],
    ['POST', '/v1/replays', 'nonsense', 'invalid_replay'],
    ['POST', '/v1/replays', '{"ids":[]}', 'invalid_replay'],
    ['POST', '/v1/replays', JSON.stringify({ ids: Array(17).fill('0.0') }), 'invalid_replay'],
  ] as const)('%s %s %s is refused with %s', async (method, url, payload, code) => {
    const { app } = await start()
    const answer = await app.inject({ method, url, ...(payload === undefined ? {} : { payload }) })
    expect([answer.statusCode, answer.json()]).toEqual([400, { code, message: expect.any(String), retryable: false }])
  })

  test('an id without a letter is unknown', async () => {
    const { replay } = await moodyNode()
    expect(await replay(['0.0', 'x'])).toEqual([
      { id: '0.0', kind: 'unknown' },
      { id: 'x', kind: 'unknown' },
    ])
  })
})

test('dead letters can be listed by code', async () => {
  const { mood, post, letters } = await moodyNode()
  mood.failing.add('a')
  mood.hanging.add('h')
  await post([event('a', 1), event('h', 2), event('v', 3, 'no number')].join('\n'))
  await eventually(async () => expect(await letters()).toHaveLength(3))
  const codes = async (query: string) => (await letters(query)).map(({ code, offset }) => [code, offset])
  expect(await codes('code=map_timeout')).toEqual([['map_timeout', 1]])
  expect(await codes('code=map_failed')).toEqual([['map_failed', 0]])
  expect(await codes('code=not_a_number')).toEqual([['not_a_number', 2]])
})

describe('what was replayed', () => {
  const DIGEST = 'd'.repeat(64)
  const correction = (offset: number, end: number) => ({
    ...{ pipeline: 'test', version: 'v1', start: end - 10, end, digest: DIGEST, offset, rows: [], atMs: 0 },
  })
  const A_DAY = { ageMs: 86_400_000, bytes: 1 }
  const inFuture = () => Date.now() + 2 * A_DAY.ageMs

  test('is let go when its windows are gone and it is past the retention, file by file', async () => {
    const folder = await newFolder()
    const replays = await Replays.open(folder, [], 1)
    for (const [offset, end] of [10, 20, 30].entries()) {
      replays.addCorrection(correction(offset, end))
      replays.addResent({ digest: DIGEST, offset }, null, end)
      await replays.flush()
    }
    const known = () => [0, 1, 2].map((offset) => replays.of({ digest: DIGEST, offset }))
    const all = known()
    await replays.deleteBefore(A_DAY, inFuture(), 5)
    expect(known()).toEqual(all) // their windows are there
    await replays.deleteBefore(A_DAY, inFuture(), 20)
    expect(known().slice(0, 2)).toEqual([0, 1].map(() => ({ resentAtMs: null, corrected: new Set() })))
    expect(known()[2]).toEqual(all[2])
    const left = (await replays.page(10, null)).corrections.map(({ end }) => end)
    expect([left.includes(10), left.at(-1)]).toEqual([false, 30])
    await replays.close()
  })

  test('in the one file of an older version is taken over', async () => {
    const folder = await newFolder()
    await writeFile(join(folder, 'corrections.ndjson'), `${JSON.stringify(correction(1, 10))}\n`)
    const replays = await Replays.open(folder, [])
    expect([...replays.of({ digest: DIGEST, offset: 1 }).corrected]).toEqual([10])
    replays.addCorrection(correction(2, 10))
    await replays.close()
    const again = await Replays.open(folder, [])
    expect((await again.page(10, null)).corrections.map(({ offset }) => offset)).toEqual([1, 2])
    await again.close()
  })

  test('cannot be filled by clients: the keys of replays are the own ones of the node', async () => {
    const { post } = await start()
    const answer = await post(event('a', 1), { 'idempotency-key': `replay-${DIGEST}-7` })
    expect([answer.statusCode, answer.json().code]).toEqual([400, 'invalid_key'])
  })
})
