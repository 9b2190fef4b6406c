import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { decodeRecords, encodeRecord } from '../../../edge-node/log/log-codec'
import { eventually } from '../../support/eventually'
import { event, testNodes } from '../../support/fixture'
import { requestOf } from '../log/log-records'

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
