import { expect, test } from '@jest/globals'
import type { Decision } from '../../../core/control/route'
import { Episodes } from '../../../edge-node/burst/episodes'

const because = (reason: string): Decision => ({ route: 'burst', queueDelayMs: 700, reason })

test('before any burst there is no episode', () => {
  const episodes = new Episodes()
  episodes.tick(0)
  episodes.accepted(5)
  expect(episodes.all).toEqual([])
  expect(episodes.current).toBeUndefined()
})

test('envelopes sent within a second of each other are one episode, with the reason of the first', () => {
  const episodes = new Episodes()
  episodes.sent(1_000, because('the queue is long'))
  episodes.accepted(1_040)
  episodes.tick(2_000)
  episodes.sent(2_000, because('still long'))
  episodes.accepted(2_050)
  expect(episodes.current).toEqual({
    startedAtMs: 1_000,
    firstAcceptedAtMs: 1_040,
    lastSentAtMs: 2_000,
    envelopes: 2,
    reason: 'the queue is long',
    endedAtMs: null,
  })
})

test('after more than a second without an envelope it ended with the last one, and the next begins another', () => {
  const episodes = new Episodes()
  episodes.sent(1_000, because('first'))
  episodes.tick(2_000)
  expect(episodes.current).toBeDefined()
  episodes.tick(2_001)
  expect(episodes.current).toBeUndefined()
  episodes.tick(9_000)
  episodes.sent(10_000, because('second'))
  expect(episodes.all.map(({ reason, endedAtMs }) => [reason, endedAtMs])).toEqual([
    ['first', 1_000],
    ['second', null],
  ])
})

test('what the stream takes after the end still tells when the episode was first accepted', () => {
  const episodes = new Episodes()
  episodes.sent(0, because('x'))
  episodes.tick(5_000)
  episodes.accepted(6_000)
  expect(episodes.all[0]).toMatchObject({ firstAcceptedAtMs: 6_000, endedAtMs: 0 })
})

test('the last hundred are remembered', () => {
  const episodes = new Episodes()
  for (let number = 0; number < 130; number++) {
    episodes.sent(number * 10_000, because(`${number}`))
    episodes.tick(number * 10_000 + 2_000)
  }
  expect(episodes.all.length).toBe(100)
  expect(episodes.all[0]?.reason).toBe('30')
})
