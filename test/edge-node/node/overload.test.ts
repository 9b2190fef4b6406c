import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { eventually, Gate } from '../../support/eventually'
import { event, type TestEvent, type TestNode, testNodes, testPipeline } from '../../support/fixture'

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
    expect.stringContaining('5 keys are held already'),
  ])
})
