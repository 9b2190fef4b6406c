import { expect, jest, test } from '@jest/globals'
import { jitteredDelays } from '../../cloud/backoff'
test('fake', async () => {
  jest.useFakeTimers()
  const d = jitteredDelays(8)
  const t = Date.now()
  const p = (async () => { for (;;) await d.next('x') })()
  const q = expect(p).rejects.toThrow('x after 8 tries')
  await jest.advanceTimersByTimeAsync(60_000)
  await q
  jest.useRealTimers()
})
