import { gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { sliding } from '../../../core/pipeline/window'
import { eventually } from '../../support/eventually'
import { event, T0, testNodes, testPipeline } from '../../support/fixture'

const { start } = testNodes()

/** An event far enough ahead to close all windows up to `seconds`. */
const closer = (seconds: number) => event('closer', seconds + 3)

describe('an answer', () => {
  test('tells what was accepted, late and rejected, and up to where windows are closed', async () => {
    const { post } = await start()
    const first = await post([event('a', 1), event('b', 2)].join('\n'))
    expect(first.statusCode).toBe(202)
    expect(first.json()).toEqual({ accepted: 2, late: 0, partlyLate: 0, horizon: null, rejected: [] })
    await post(closer(10))
    const later = await post([event('a', 9), event('a', 11)].join('\n'))
    expect(later.json()).toEqual({ accepted: 1, late: 1, partlyLate: 0, horizon: T0 + 10_000, rejected: [] })
  })

  test('names rejected lines by number and code, and the others of the request count', async () => {
    const { post, windows, status } = await start()
    const body = [event('a', 1), 'oops', '', '{"k":"a"}', event('a', 2), `{"k":"a","t":${Date.now() + 1e6}}`]
    const answer = (await post(body.join('\n'))).json()
    expect(answer).toMatchObject({ accepted: 2, rejected: [{ line: 2 }, { line: 4 }, { line: 6 }] })
    expect(answer.rejected.map(({ code }: { code: string }) => code)).toEqual([
      'invalid_json',
      'missing_timestamp',
      'timestamp_in_future',
    ])
    for (const { reason } of answer.rejected) expect(typeof reason).toBe('string')
    expect((await status()).events).toMatchObject({ accepted: 2, rejected: 3 })
    await post(closer(10))
    expect((await windows(1))[0]?.rows).toEqual([{ key: 'a', n: 2, total: 2 }])
  })

  test('counts an event that misses some of its sliding windows as accepted and partly late', async () => {
    const { post, windows } = await start({ pipeline: testPipeline({ window: sliding('10s', '5s') }) })
    await post([event('a', 1), closer(10)].join('\n'))
    expect((await post(event('a', 7))).json()).toMatchObject({ accepted: 1, partlyLate: 1, late: 0 })
    expect((await post(event('a', 4))).json()).toMatchObject({ accepted: 0, partlyLate: 0, late: 1 })
    await post(closer(20))
    const found = await windows(2, `from=${T0}&to=${T0 + 15_000}&key=a`)
    expect(found.map(({ start: from, rows }) => [from - T0, rows])).toEqual([
      [0, [{ key: 'a', n: 1, total: 1 }]],
      [5_000, [{ key: 'a', n: 1, total: 1 }]],
    ])
  })

  test('says so when too many windows would be open', async () => {
    const { post } = await start({ config: { maxOpenPanes: 2 } })
    const body = [event('a', 1), event('a', 11), event('a', 21), event('a', 12)].join('\n')
    const answer = await post(body)
    expect(answer.statusCode).toBe(202)
    const rejected = [{ line: 3, code: 'too_many_windows' }]
    expect(answer.json()).toMatchObject({ accepted: 3, rejected, mayPass: true })
  })
})

describe('a request of which every line is rejected', () => {
  const KEY = { 'idempotency-key': 'one' }

  test('is no success: 422, with all that a success says', async () => {
    const { post, status } = await start()
    const answer = await post('7\n{"k": "a"}')
    expect(answer.statusCode).toBe(422)
    const rejected = [
      { line: 1, code: 'not_an_object', reason: expect.any(String) },
      { line: 2, code: 'missing_timestamp', reason: expect.any(String) },
    ]
    const message = expect.stringMatching(
      /^every line was rejected \(2\), line 1 as not_an_object: .* send them again$/,
    )
    expect(answer.json()).toEqual({
      ...{ code: 'all_rejected', retryable: false, message },
      ...{ accepted: 0, late: 0, partlyLate: 0, horizon: null, rejected },
    })
    expect((await status()).events).toMatchObject({ accepted: 0, rejected: 2 })
  })

  test('may be corrected under its key', async () => {
    const { post } = await start()
    expect((await post('7', KEY)).statusCode).toBe(422)
    expect((await post(event('a', 1), KEY)).statusCode).toBe(202)
  })

  test('says when lines may be accepted later; under its key it gets the same answer, under another they are', async () => {
    const { post } = await start({ config: { maxFutureSkewMs: 3_600_000 } })
    const ahead = JSON.stringify({ k: 'a', t: Date.now() + 3_601_500, v: 1 })
    const first = await post(ahead, KEY)
    expect(first.statusCode).toBe(422)
    expect(first.json()).toMatchObject({ mayPass: true, retryable: false, rejected: [{ code: 'timestamp_in_future' }] })
    expect(first.json().message).toContain('need another idempotency-key')
    await eventually(async () => expect((await post(ahead)).statusCode).toBe(202))
    const again = await post(ahead, KEY)
    expect([again.statusCode, again.json()]).toEqual([422, first.json()])
  })

  test('is not one of which every line is late, or one is: they were as they have to be', async () => {
    const { post } = await start()
    await post([event('a', 1), closer(10)].join('\n'))
    expect((await post(event('a', 2))).statusCode).toBe(202)
    expect((await post(`${event('a', 2)}\n7`)).statusCode).toBe(202)
  })
})

describe('a body', () => {
  test('may be an array, one object, or gzip; its content type does not matter', async () => {
    const { post } = await start()
    const accepted = async (body: string | Buffer, headers: Record<string, string> = {}) =>
      (await post(body, headers)).json().accepted
    expect(await accepted(`[${event('a', 1)},${event('a', 2)}]`, { 'content-type': 'application/json' })).toBe(2)
    expect(await accepted(event('a', 1), { 'content-type': 'text/plain' })).toBe(1)
    expect(await accepted(event('a', 1), { 'content-type': 'application/x-www-form-urlencoded' })).toBe(1)
    expect(await accepted(gzipSync(`${event('a', 1)}\n${event('b', 1)}`), { 'content-encoding': 'gzip' })).toBe(2)
  })

  test('that cannot be read is refused as a whole with its code', async () => {
    const { post, status } = await start({ config: { maxBodyBytes: 2_000 } })
    const refusals = [
      [await post(`[${event('a', 1)}`), 400, 'invalid_json'],
      [await post(''), 400, 'empty_body'],
      [await post('\n \r\n'), 400, 'empty_body'],
      [await post('[]'), 400, 'empty_body'],
      [await post('k,t\na,1'), 400, 'invalid_json'],
      [await post('no gzip', { 'content-encoding': 'gzip' }), 400, 'invalid_gzip'],
      [await post('x', { 'content-encoding': 'br' }), 415, 'unknown_encoding'],
      [await post(`${event('a', 1)}\n`.repeat(100)), 413, 'body_too_large'],
      [await post(gzipSync(Buffer.alloc(3_000)), { 'content-encoding': 'gzip' }), 413, 'body_too_large'],
    ] as const
    for (const [answer, statusCode, code] of refusals) {
      expect([answer.statusCode, answer.json()]).toEqual([
        statusCode,
        { code, message: expect.any(String), retryable: false },
      ])
    }
    expect((await status()).events.accepted).toBe(0)
  })
})

describe('an idempotency key', () => {
  const key = { 'idempotency-key': 'batch-1' }

  test('sent again adds nothing and gets the same answer', async () => {
    const { post, windows, status } = await start()
    const first = (await post([event('a', 1), 'oops'].join('\n'), key)).json()
    await post(closer(10))
    expect((await post([event('a', 1), 'oops'].join('\n'), key)).json()).toEqual(first)
    expect((await status()).events.accepted).toBe(2)
    expect((await windows(1))[0]?.accepted).toBe(1)
  })

  test('sent many times at once counts once', async () => {
    const { post, status } = await start()
    const answers = await Promise.all(Array.from({ length: 20 }, () => post(event('a', 1), key)))
    expect(new Set(answers.map(({ payload }) => payload)).size).toBe(1)
    expect((await status()).events.accepted).toBe(1)
  })

  test('without one, the same events are other events', async () => {
    const { post, status } = await start()
    await Promise.all([post(event('a', 1)), post(event('a', 1), { 'idempotency-key': 'batch-2' }), post(event('a', 1))])
    expect((await status()).events.accepted).toBe(3)
  })

  test('has 1 to 128 characters', async () => {
    const { post } = await start()
    const codeOf = async (value: string) => {
      const answer = await post(event('a', 1), { 'idempotency-key': value })
      return [answer.statusCode, answer.json().code]
    }
    expect(await codeOf('x'.repeat(128))).toEqual([202, undefined])
    expect(await codeOf('x'.repeat(129))).toEqual([400, 'invalid_key'])
    expect(await codeOf('')).toEqual([400, 'invalid_key'])
  })

  test('is refused with 429 where there is no room for it, and old ones are known as before', async () => {
    const { post, status } = await start({ config: { maxAnswerBytes: 65_536 } })
    const sent = Array.from({ length: 1_500 }, (_, n) => post(event('a', 1), { 'idempotency-key': `${n}` }))
    const codes = (await Promise.all(sent)).map(({ statusCode }) => statusCode)
    const taken = codes.indexOf(429)
    expect(taken).toBeGreaterThan(1_000)
    const refused = await post(event('a', 1), { 'idempotency-key': 'another' })
    expect(refused.json()).toMatchObject({ code: 'too_many_keys', retryable: true })
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect((await post(event('a', 1), { 'idempotency-key': '0' })).statusCode).toBe(202)
    expect((await post(event('a', 1))).statusCode).toBe(202) // without a key nothing is to be remembered
    expect((await status()).events.accepted).toBe(taken + 1)
  })
})

test('the processing delay runs from the scheduled send, for requests that state one', async () => {
  const { post, status } = await start()
  await post(event('a', 1), { 'spillway-scheduled-at': 'soon' })
  await post(event('a', 1), { 'spillway-scheduled-at': `${Date.now() - 60_000}` })
  const { processingDelayMs } = await eventually(async () => {
    const found = await status()
    expect(found.events.pending).toBe(0)
    return found
  })
  expect(processingDelayMs.p50).toBeGreaterThanOrEqual(59_900) // three significant digits
})

test('the status says that events are over the target, and no longer once nothing is left to be done', async () => {
  const { post, status } = await start()
  const overForMs = async () => (await status()).processingDelayMs.overTargetForMs
  expect(await overForMs()).toBe(0)
  await post(event('a', 1), { 'spillway-scheduled-at': `${Date.now() - 60_000}` })
  await eventually(async () => expect(await overForMs()).toBeGreaterThan(0))
  await eventually(async () => expect(await overForMs()).toBe(0))
})
