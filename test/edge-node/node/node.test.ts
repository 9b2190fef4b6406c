import { cp } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { eventually } from '../../support/eventually'
import { event, T0, type TestNode, testNodes, testPipeline } from '../../support/fixture'
import { ManualClock } from '../../support/manual-clock'
import { MemoryCloud } from '../../support/memory-cloud'

const { start } = testNodes()

/** Seconds after T0 up to which windows are closed. */
const closedTo = async ({ status }: TestNode) => {
  const { horizon } = await status()
  return horizon === null ? null : (horizon - T0) / 1_000
}

describe('when nothing comes any more', () => {
  test('windows close after the idle timeout, but none that the clock is still in', async () => {
    const clock = new ManualClock() // it shows T0
    const node = await start({ clock, config: { idleTimeoutMs: 5_000 } })
    await node.post([event('a', 1), event('a', 11)].join('\n'))
    await clock.pass(12_900)
    expect(await closedTo(node)).toBeNull()
    await clock.pass(100) // 1 s out of order and 2 s late: the first window is past at 13 s
    expect(await closedTo(node)).toBe(10)
    await clock.pass(9_900)
    expect(await closedTo(node)).toBe(10)
    await clock.pass(100)
    expect(await closedTo(node)).toBe(20)
    expect((await node.windows(2)).map(({ accepted }) => accepted)).toEqual([1, 1])
  })

  test('windows long past close together, and only after the timeout', async () => {
    const clock = new ManualClock(86_400_000)
    const node = await start({ clock, config: { idleTimeoutMs: 5_000 } })
    await node.post([event('a', 1), event('a', 11), event('a', 21)].join('\n'))
    expect(await closedTo(node)).toBe(18) // by the watermark
    await clock.pass(4_900)
    expect(await closedTo(node)).toBe(18)
    await clock.pass(100)
    expect(await closedTo(node)).toBe(30)
    await node.windows(3)
  })

  test('any request begins the time anew', async () => {
    const clock = new ManualClock(86_400_000)
    const node = await start({ clock, config: { idleTimeoutMs: 5_000 } })
    await node.post(event('a', 1))
    await clock.pass(4_000)
    await node.post('')
    await clock.pass(4_900)
    expect(await closedTo(node)).toBeNull()
    await clock.pass(100)
    expect(await closedTo(node)).toBe(10)
  })
})

describe('an envelope that the cloud does not finish', () => {
  test('comes back to the edge at its deadline, and counts once though the cloud does it later', async () => {
    const clock = new ManualClock(20_000) // later than the events
    const node = await start({ clock, config: { mode: 'always', reclaimAfterMs: 30_000 } })
    node.cloud.held = true
    await node.post([event('a', 1), event('a', 13)].join('\n'))
    await eventually(async () => expect((await node.status()).burst.inFlightEnvelopes).toBe(1))
    await clock.pass(29_900)
    expect((await node.status()).windows).toMatchObject({ closing: 1, final: 0 })
    await clock.pass(200)
    const [window] = await node.windows(1)
    expect(window).toMatchObject({ accepted: 1, edge: 1, burst: 0 })
    node.cloud.release()
    await clock.pass(1_000)
    expect((await node.status()).events).toMatchObject({ accepted: 2, edge: 2, burst: 0, pending: 0 })
  })

  test('comes back at once when the functions have another version', async () => {
    const pipeline = testPipeline()
    const node = await start({ pipeline, cloud: new MemoryCloud(pipeline, 'v2'), config: { mode: 'always' } })
    await node.post([event('a', 1), event('a', 13)].join('\n'))
    expect((await node.windows(1))[0]).toMatchObject({ accepted: 1, edge: 1, burst: 0 })
  })
})

test('what a large request leaves over does not wait for the next request', async () => {
  const { post, status } = await start({ config: { maxEnvelopeBytes: 1_024 } })
  await post(Array.from({ length: 30 }, (_, index) => event('a', 1, index)).join('\n'))
  await eventually(async () => expect((await status()).events).toMatchObject({ accepted: 30, edge: 30, pending: 0 }))
})

test('a partial that is lost in the cloud is recalled, and its window is final with every event', async () => {
  const node = await start({ config: { mode: 'always' } })
  await node.post([event('a', 1), event('a', 2, 'poison')].join('\n'))
  await eventually(async () => expect((await node.status()).events.pending).toBe(0))
  node.cloud.partialItems.items.clear()
  await node.post(event('a', 13))
  expect((await node.windows(1))[0]).toMatchObject({ accepted: 2, edge: 1, burst: 0, deadLettered: 1 })
  await eventually(async () =>
    expect((await node.status()).events).toMatchObject({ accepted: 3, edge: 1, burst: 1, deadLettered: 1, pending: 0 }),
  )
})

describe('idempotency keys', () => {
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
})
