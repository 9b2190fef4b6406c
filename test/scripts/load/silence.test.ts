import { describe, expect, test } from '@jest/globals'
import { type Answer, hear, NOTHING_YET } from '../../../scripts/load/delivery/answer'
import { runLoad } from '../../../scripts/load/run'
import { answer, jumpingClock, openTestNode, smallRun, take } from './load-fixtures'

const LOST: Answer = { kind: 'refused', status: null, reason: 'connection lost (ECONNREFUSED)', retryAfterMs: null }
const BUSY: Answer = { kind: 'refused', status: 429, reason: '429 overloaded', retryAfterMs: 10 }
const GIVE_UP_MS = 1_000

/** What is heard of answers that come at these times. */
function heard(...answers: readonly (readonly [atMs: number, answer: Answer])[]): string[] {
  let silence = NOTHING_YET
  return answers.map(([atMs, each]) => {
    const now = hear(silence, each, atMs, GIVE_UP_MS)
    silence = now.silence
    return now.hearing
  })
}

describe('a silence', () => {
  test('begins with the first lost connection, lasts, and is over when the time is', () => {
    expect(heard([5, LOST], [6, LOST], [1_004, LOST], [1_005, LOST])).toEqual(['begins', 'lasts', 'lasts', 'over'])
  })

  test('is broken for good by any answer, a refusal as well', () => {
    expect(heard([0, BUSY], [1, LOST], [5_000, LOST])).toEqual(['answers', 'answers', 'answers'])
    expect(heard([0, LOST], [999, BUSY], [5_000, LOST])).toEqual(['begins', 'answers', 'answers'])
  })
})

describe('a run', () => {
  test('says once that nothing answers, and ends when that has been so for long', async () => {
    const node = await openTestNode(take)
    await node.close()
    const said: string[] = []
    const hooks = { clock: jumpingClock(), onSilence: (reason: string) => void said.push(reason) }
    const report = await runLoad(smallRun(node.url, { drainMs: Number.MAX_SAFE_INTEGER }), hooks)
    expect(said).toEqual(['connection lost (ECONNREFUSED)'])
    expect(report).toMatchObject({ silent: true, interrupted: false, accepted: 0 })
    expect(report.unanswered + report.unsent).toBe(1_000)
  })

  test('goes on when a node that answered once is away for longer than that', async () => {
    const node = await openTestNode((request, response) => {
      if (request.key === 'test-1-1' && request.attempt < 30) response.destroy()
      else take(request, response)
    })
    const report = await runLoad(smallRun(node.url, { giveUpMs: 1_000 }), { clock: jumpingClock() })
    await node.close()
    expect(report).toMatchObject({ silent: false, accepted: 1_000, retries: 30 })
  })

  test('is not silent when all that it hears are refusals for good', async () => {
    const node = await openTestNode((_request, response) => answer(response, 401, { code: 'no_token' }))
    const report = await runLoad(smallRun(node.url), { clock: jumpingClock() })
    await node.close()
    expect(report).toMatchObject({ silent: false, failed: 1_000 })
  })
})
