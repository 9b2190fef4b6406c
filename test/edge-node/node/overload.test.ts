import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { decodeRecords, encodeRecord } from '../../../edge-node/log/log-codec'
import { eventually, Gate } from '../../support/eventually'
import { event, type TestEvent, type TestNode, testNodes, testPipeline } from '../../support/fixture'
import { requestOf } from '../log/log-records'

const { start } = testNodes()

/** A node whose edge folds nothing before the gate opens, and whose cloud is held; both have little room. */
async function blockedNode(mode: 'auto' | 'never' | 'always') {
  const gate = new Gate()
  const pipeline = testPipeline({
    map: async (each: TestEvent) => {
      await gate.pass()
      return each
    },
  })
  const room = { maxEnvelopeBytes: 1_024, maxBacklogBytes: 1_024, maxInFlightEnvelopes: 1, workers: 1 }
  // No timer cuts: what is where is the same after each answer.
  const config = { mode, ...room, edgeLingerMs: 600_000, burstLingerMs: 600_000 }
  const node = await start({ pipeline, config })
  node.cloud.held = true
  return { node, gate }
}

/** About half a kilobyte. */
const batch = (name: string) => Array.from({ length: 10 }, (_, index) => event(name, index / 10)).join('\n')

/** Sends until the node refuses; how many batches it took, and the refusal. */
async function fill({ post }: TestNode) {
  for (let taken = 0; taken < 50; taken++) {
    const answer = await post(batch(`batch-${taken}`), { 'idempotency-key': `${taken}` })
    if (answer.statusCode !== 202) return { taken, refusal: answer }
  }
  throw new Error('the node took everything')
}

describe('with the edge and the cloud full', () => {
  test.each(['auto', 'never', 'always'] as const)(
    '%s: a request is refused with 429, when to try again, and why',
    async (mode) => {
      const { node, gate } = await blockedNode(mode)
      const { refusal } = await fill(node)
      expect(refusal.statusCode).toBe(429)
      const { retryAfterMs, ...body } = refusal.json()
      expect(body).toEqual({
        code: 'overloaded',
        message: expect.stringContaining('the edge is full'),
        retryable: true,
      })
      expect(refusal.headers['retry-after']).toBe(`${Math.ceil(retryAfterMs / 1_000)}`)
      expect(retryAfterMs).toBeGreaterThan(0)
      gate.open()
      node.cloud.release()
    },
  )

  test('nothing of a refused request is accepted, not even in the log', async () => {
    const { node, gate } = await blockedNode('auto')
    const { taken } = await fill(node)
    const before = (await node.status()).events
    for (let again = 0; again < 5; again++) expect((await node.post(batch('refused'))).statusCode).toBe(429)
    expect((await node.status()).events).toEqual(before)
    expect(before.accepted).toBe(10 * taken)
    expect(await readFile(join(node.folder, 'log', '000000000000.log'), 'utf8')).not.toContain('refused')
    gate.open()
    node.cloud.release()
  })

  test('a repeated request still gets its answer, and health and status answer', async () => {
    const { node, gate } = await blockedNode('auto')
    await fill(node)
    const answer = await node.post(batch('batch-0'), { 'idempotency-key': '0' })
    expect([answer.statusCode, answer.json().accepted]).toEqual([202, 10])
    expect((await node.app.inject('/readyz')).statusCode).toBe(200)
    expect((await node.status()).burst.refusal).toMatch(/the edge is full.*the cloud is full/)
    gate.open()
    node.cloud.release()
  })

  test('once there is room, the request is taken, and the windows have each accepted event once', async () => {
    const { node, gate } = await blockedNode('auto')
    const { taken } = await fill(node)
    gate.open()
    node.cloud.release()
    await eventually(async () => expect((await node.post(batch(`batch-${taken}`))).statusCode).toBe(202))
    await eventually(async () => expect((await node.post(event('closer', 13))).statusCode).toBe(202))
    const [window] = await node.windows(1)
    expect(window).toMatchObject({ accepted: 10 * (taken + 1), deadLettered: 0 })
    expect(window!.burst).toBeGreaterThan(0)
    const names = Array.from({ length: taken + 1 }, (_, index) => `batch-${index}`).sort()
    expect(window!.rows).toEqual(names.map((key) => ({ key, n: 10, total: 10 })))
  })
})

test('too many keys at once are refused until windows close', async () => {
  const node = await start({ config: { maxGroups: 5 } })
  const keys = Array.from({ length: 6 }, (_, key) => event(`k${key}`, 1)).join('\n')
  await node.post(keys)
  await eventually(async () => expect((await node.status()).edge.groups).toBe(6))
  const refusal = await node.post(event('a', 2))
  expect([refusal.statusCode, refusal.json().message]).toEqual([
    429,
    expect.stringContaining('5 keys are held already; there is room once windows close, or with a larger maxGroups'),
  ])
})

describe('garbage', () => {
  const { start } = testNodes()
  const LINES = 2_000
  const garbage = gzipSync('7\n'.repeat(LINES)) // JSON, but no objects

  async function logBytes(folder: string): Promise<number> {
    const names = (await readdir(join(folder, 'log'))).filter((name) => name.endsWith('.log'))
    const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, 'log', name))).size))
    return sizes.reduce((sum, size) => sum + size, 0)
  }

  describe('lines that are no events, packed, under fresh idempotency keys', () => {
    test('are counted, listed up to a hundred, and leave nothing in the log or for the next start', async () => {
      const { post, status, folder, stop } = await start()
      await post(event('a', 1), { 'idempotency-key': 'real' })
      const before = await logBytes(folder)
      for (let request = 0; request < 50; request++) {
        const headers = { 'idempotency-key': `garbage-${request}`, 'content-encoding': 'gzip' }
        const answer = (await post(garbage, headers)).json()
        expect([answer.accepted, answer.rejected.length, answer.moreRejected]).toEqual([0, 100, LINES - 100])
      }
      expect((await status()).events.rejected).toBe(50 * LINES)
      expect((await logBytes(folder)) - before).toBeLessThan(1_000)
      await stop()
      const again = await start({ folder })
      const repeated = await again.post(event('a', 1), { 'idempotency-key': 'real' })
      expect(repeated.json()).toMatchObject({ accepted: 1, rejected: [] })
      expect((await again.status()).events.accepted).toBe(1)
    })

    test('beside an event are remembered with it, in bounded size, also over a restart', async () => {
      const { post, folder, stop } = await start()
      const body = [event('a', 1), ...Array(LINES).fill('x')].join('\n')
      const first = (await post(body, { 'idempotency-key': 'mixed' })).json()
      expect([first.accepted, first.rejected.length, first.moreRejected]).toEqual([1, 100, LINES - 100])
      expect((await post(body, { 'idempotency-key': 'mixed' })).json()).toEqual(first)
      await stop()
      const again = await start({ folder })
      expect((await again.post(body, { 'idempotency-key': 'mixed' })).json()).toEqual(first)
    })
  })

  test('an answer of version 0.1.0 with as many rejections as lines is read in the size of today', () => {
    const request = requestOf(['{"a":1}'])
    const rejected = Array.from({ length: 20_000 }, (_, index) => ({
      ...{ line: index + 2, code: 'invalid_json' as const, reason: 'the line is no JSON value' },
    }))
    const old = { ...request, answer: { ...request.answer, rejected } }
    const [read] = decodeRecords(encodeRecord(old, { number: 0, flushFirst: 0 })).records
    expect(read).toEqual({
      ...request,
      answer: { ...request.answer, rejected: rejected.slice(0, 100), moreRejected: 19_900 },
    })
  })

  test('requests that accept nothing and are remembered lead to a checkpoint, so that the log they fill can be cut', async () => {
    const { post, folder } = await start({ config: { checkpointEveryMs: 100, maxFutureSkewMs: 1_000 } })
    const ahead = JSON.stringify({ k: 'a', t: Date.now() + 3_600_000, v: 1 })
    const checkpoints = async () =>
      (await readdir(join(folder, 'checkpoints'))).filter((name) => name.endsWith('.checkpoint'))
    const newest = async () => (await checkpoints()).sort().at(-1)
    await eventually(async () => expect(await newest()).toBeDefined())
    const before = await newest()
    await post(ahead, { 'idempotency-key': 'ahead' })
    await eventually(async () => expect(await newest()).not.toBe(before))
  })
})
