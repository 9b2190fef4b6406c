import { afterEach, describe, expect, jest, test } from '@jest/globals'
import { eventually } from '../../support/eventually'
import { event, testNodes } from '../../support/fixture'
import { fillDisk } from '../../support/temporary-folder'

const { start } = testNodes()
afterEach(() => {
  jest.restoreAllMocks()
})

describe('the burst mode', () => {
  test('is set by a request and shown by the status', async () => {
    const { app, status } = await start({ config: { mode: 'auto' } })
    expect((await status()).mode).toBe('auto')
    for (const mode of ['always', 'never', 'auto']) {
      const answer = await app.inject({ method: 'POST', url: '/v1/burst', payload: { mode } })
      expect([answer.statusCode, answer.json()]).toEqual([200, { mode }])
      expect((await status()).mode).toBe(mode)
    }
  })

  test.each(['{"mode":"sometimes"}', '{}', 'always', ''])('stays as it was for the body %s', async (payload) => {
    const { app, status } = await start({ config: { mode: 'auto' } })
    const answer = await app.inject({ method: 'POST', url: '/v1/burst', payload })
    expect([answer.statusCode, answer.json().code]).toEqual([400, 'invalid_mode'])
    expect((await status()).mode).toBe('auto')
  })

  test('takes effect with the next envelope', async () => {
    const { app, post, status } = await start()
    const folded = async (edge: number, burst: number) =>
      eventually(async () => expect((await status()).events).toMatchObject({ edge, burst, pending: 0 }))
    await post(event('a', 1))
    await folded(1, 0)
    await app.inject({ method: 'POST', url: '/v1/burst', payload: { mode: 'always' } })
    await post(event('a', 2))
    await folded(1, 1)
    await app.inject({ method: 'POST', url: '/v1/burst', payload: { mode: 'never' } })
    await post(event('a', 3))
    await folded(2, 1)
  })
})

describe('the status', () => {
  test('adds up at every moment, and nothing is pending in the end', async () => {
    const { post, status } = await start({ config: { mode: 'always', maxInFlightEnvelopes: 2 } })
    for (let batch = 0; batch < 30; batch++) {
      await post(Array.from({ length: 10 }, (_, index) => event('a', batch, index === 3 ? 'poison' : 1)).join('\n'))
      const { events } = await status()
      expect(events.edge + events.burst + events.deadLettered + events.pending).toBe(events.accepted)
      expect(events.pending).toBeGreaterThanOrEqual(0)
    }
    await eventually(async () => expect((await status()).events.pending).toBe(0))
    expect((await status()).events).toMatchObject({ accepted: 300, deadLettered: 30 })
  })

  test('tells where the windows are, and null before the first closing', async () => {
    const { post, status, windows } = await start()
    expect(await status()).toMatchObject({
      pipeline: 'test',
      ready: true,
      horizon: null,
      watermark: null,
      bootEpoch: 1,
    })
    await post([event('a', 1), event('a', 11), event('a', 14)].join('\n'))
    await windows(1)
    const counts = { open: 1, closing: 0, finalizing: 0, final: 1, withBurst: 0, kept: 1, damaged: 0 }
    expect((await status()).windows).toEqual(counts)
  })
})

describe('health', () => {
  test('a node that runs is alive and ready', async () => {
    const { app } = await start()
    expect((await app.inject('/healthz')).json()).toEqual({ status: 'ok' })
    const ready = await app.inject('/readyz')
    expect([ready.statusCode, ready.json()]).toEqual([200, { ready: true, reason: null }])
  })

  test('when the log cannot be written, requests get 503 to be tried again, and the node is alive and not ready', async () => {
    const { app, post, status } = await start()
    await post(event('a', 1))
    await fillDisk()
    const failed = await post(event('a', 2))
    expect([failed.statusCode, failed.headers['retry-after']]).toEqual([503, '1'])
    expect(failed.json()).toMatchObject({ code: 'log_failed', retryable: true })
    const next = await post(event('a', 3))
    expect([next.statusCode, next.headers['retry-after'], next.json().code]).toEqual([503, '1', 'not_ready'])
    expect((await app.inject('/healthz')).statusCode).toBe(200)
    expect((await app.inject('/readyz')).statusCode).toBe(503)
    expect((await status()).ready).toBe(false)
  })

  test('when there is room again, it goes on by itself, and what was told 503 counts once under its key', async () => {
    const { app, post, windows } = await start()
    await fillDisk()
    const [first, closer] = [{ 'idempotency-key': 'one' }, { 'idempotency-key': 'two' }]
    expect((await post(event('a', 1), first)).statusCode).toBe(503)
    jest.restoreAllMocks()
    await eventually(async () => expect((await app.inject('/readyz')).statusCode).toBe(200))
    expect((await post(event('a', 1), first)).json()).toMatchObject({ accepted: 1 })
    await post(event('a', 13), closer)
    expect((await windows(1))[0]).toMatchObject({ accepted: 1 })
  })

  test('while the log cannot be written nothing becomes final, and the next start on the folder goes on', async () => {
    const first = await start()
    await first.post(event('a', 1), { 'idempotency-key': 'one' })
    await fillDisk()
    expect((await first.post(event('a', 13), { 'idempotency-key': 'two' })).statusCode).toBe(503)
    expect((await first.status()).windows.final).toBe(0)
    await first.stop()
    jest.restoreAllMocks()
    const second = await start({ folder: first.folder })
    await second.post(event('a', 1), { 'idempotency-key': 'one' })
    await second.post(event('a', 13), { 'idempotency-key': 'two' })
    expect((await second.windows(1))[0]).toMatchObject({ accepted: 1 })
  })

  test('a disk that is nearly full takes no events, but windows still become final', async () => {
    const { app, post, windows, diskSpace } = await start()
    await post([event('a', 1), event('a', 13)].join('\n'))
    diskSpace.isLow = true
    const refused = await post(event('a', 14))
    expect([refused.statusCode, refused.json()]).toEqual([
      503,
      { code: 'not_ready', message: expect.stringContaining('the disk is nearly full'), retryable: true },
    ])
    expect((await app.inject('/readyz')).json()).toEqual({ ready: false, reason: 'the disk is nearly full' })
    expect((await windows(1))[0]).toMatchObject({ accepted: 1 })
    diskSpace.isLow = false
    expect((await post(event('a', 14))).statusCode).toBe(202)
  })
})

test('what is not there is answered with 404 and its name', async () => {
  const { app } = await start()
  const answer = await app.inject('/v2/events')
  expect([answer.statusCode, answer.json()]).toEqual([
    404,
    { code: 'not_found', message: 'there is no GET /v2/events', retryable: false },
  ])
})
