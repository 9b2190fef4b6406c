import { cp } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { event, type TestNode, testNodes } from '../../support/fixture'

const { start, newFolder } = testNodes()
const KEY = { 'idempotency-key': 'one' }
const FIRST = event('a', 1)
const OTHER = event('b', 2)

async function sent(node: Pick<TestNode, 'post'>, body: string | Buffer, headers: Record<string, string> = KEY) {
  const answer = await node.post(body, headers)
  return { status: answer.statusCode, ...answer.json() }
}

const REUSED = { status: 422, code: 'idempotency_key_reused', retryable: false }

describe('an idempotency key that comes again', () => {
  test('with the same body gets the same answer, however the body is packed', async () => {
    const node = await start()
    const first = await sent(node, FIRST)
    expect(await sent(node, FIRST)).toEqual(first)
    expect(await sent(node, gzipSync(FIRST), { ...KEY, 'content-encoding': 'gzip' })).toEqual(first)
  })

  test('with another body is refused: nothing of it counts, and its sender knows', async () => {
    const node = await start()
    await sent(node, FIRST)
    expect(await sent(node, OTHER)).toMatchObject(REUSED)
    expect(await sent(node, `${FIRST}\n${OTHER}`)).toMatchObject(REUSED)
    expect((await node.status()).events.accepted).toBe(1)
  })

  test('with another body is taken where nothing was accepted before', async () => {
    const node = await start()
    expect(await sent(node, '7')).toMatchObject({ status: 422, accepted: 0 })
    expect(await sent(node, FIRST)).toMatchObject({ status: 202, accepted: 1 })
  })

  test.each([
    ['the log', false],
    ['a checkpoint', true],
  ])('with another body is refused by the next process too, from %s', async (_, isStopped) => {
    const first = await start()
    const answer = await sent(first, FIRST)
    const folder = await newFolder()
    if (isStopped) await first.stop()
    await cp(first.folder, folder, { recursive: true })
    const second = await start({ folder })
    expect(await sent(second, OTHER)).toMatchObject(REUSED)
    expect(await sent(second, FIRST)).toEqual(answer)
  })
})
