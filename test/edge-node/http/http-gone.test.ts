import { expect, test } from '@jest/globals'
import { eventId } from '../../../edge-node/http/stream-place'
import { event, SIZE_MS, T0, testNodes } from '../../support/fixture'

const { start } = testNodes()

test('what retention took away is answered with 410 and the reason, in pages and in the stream; the rest is served', async () => {
  const { app, post, windows, results, status, node } = await start()
  for (const [closed, seconds] of [1, 14, 24, 34].entries()) {
    await post(event('a', seconds))
    await windows(closed) // one after the other: their numbers are in the order of their starts
  }
  const [, second] = await windows(3)
  await results.take(2, second!.end)()
  const page = async (query: string) => app.inject(`/v1/windows?${query}`)
  const gone = await page(`from=${T0}&to=${T0 + SIZE_MS}`)
  expect([gone.statusCode, gone.json()]).toEqual([
    410,
    { code: 'window_gone', retryable: false, message: expect.stringContaining(String(second!.end)) },
  ])
  expect((await page(`cursor=${T0}.${T0 + SIZE_MS}.0`)).statusCode).toBe(410)
  const left = (await page(`from=${T0}`)).json()
  expect([left.windows.length, left.takenBefore]).toEqual([1, second!.end])
  const stream = await app.inject({ url: '/v1/stream', headers: { 'last-event-id': eventId(node.incarnation, 0) } })
  expect([stream.statusCode, stream.json().code]).toEqual([410, 'window_gone'])
  expect((await status()).windows).toMatchObject({ final: 3, kept: 1 })
  expect((await status()).retention).toMatchObject({ hours: 168, takenBefore: second!.end })
})
