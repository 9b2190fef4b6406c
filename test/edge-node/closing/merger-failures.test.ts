import { describe, expect, test } from '@jest/globals'
import { GroupTooLarge } from '../../../cloud/chunks'
import { InvokeFailed } from '../../../cloud/functions'
import { completeWindow, here, mergerOf, ROWS, there, type Window } from './complete-window'

const unreachable = () => new InvokeFailed('unreachable', 'merge', 'TimeoutError: no answer')
const throttled = () => new InvokeFailed('throttled', 'merge', 'TooManyRequestsException: Rate Exceeded.')

/** An invoke that fails so many times before the function is reached. */
function failing(window: Window, times: number, calls: number[], clock: () => number, failure = unreachable) {
  return async (payload: unknown) => {
    calls.push(clock())
    if (calls.length <= times) throw failure()
    return window.invoke(payload)
  }
}

describe('trying again', () => {
  test.each([
    ['cannot be reached', unreachable],
    ['has no room', throttled],
  ])('begins after 100 ms, doubles up to 10 s, and goes on as long as the function %s', async (_, failure) => {
    const window = await completeWindow({ edge: [here], burst: [there] })
    const calls: number[] = []
    const { merger, clock } = mergerOf(
      window,
      failing(window, 9, calls, () => clock.monotonicMs(), failure),
    )
    const result = merger.result(window.account)
    await clock.pass(60_000)
    expect(calls.map((atMs, index) => atMs - (calls[index - 1] ?? 0))).toEqual([
      0, 100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000,
    ])
    expect(await result).toMatchObject({ result: { rows: ROWS } })
  })

  test('ends at once when stopped, with no result and no timer', async () => {
    const window = await completeWindow({ edge: [here], burst: [there] })
    const { merger, clock } = mergerOf(
      window,
      failing(window, 9, [], () => 0),
    )
    const result = merger.result(window.account)
    await clock.pass(1_000)
    merger.stop()
    expect(await result).toEqual({ kind: 'stopped' })
    expect(clock.pending).toBe(0)
  })

  test('so does a try that fails after the stop', async () => {
    const window = await completeWindow({ edge: [here], burst: [there] })
    const { merger, clock } = mergerOf(window, async () => {
      merger.stop()
      throw new Error('socket hang up')
    })
    expect(await merger.result(window.account)).toEqual({ kind: 'stopped' })
    expect(clock.pending).toBe(0)
  })
})

describe('what the cloud will not merge is recalled', () => {
  const recalled = (reason: string) => ({
    kind: 'recall',
    envelopes: new Set([there.number]),
    reason: expect.stringContaining(reason),
  })

  test('when a partial is missing again and again for a second', async () => {
    const window = await completeWindow({ edge: [here], burst: [there] })
    window.lose(({ pk }) => pk.endsWith('#envelope#1'))
    const { merger, clock } = mergerOf(window)
    const result = merger.result(window.account)
    await clock.pass(1_000)
    expect(await result).toEqual(recalled('partials are gone'))
    expect(window.manifests.length).toBe(4)
  })

  test('when the function was reached and failed eight times', async () => {
    const window = await completeWindow({ edge: [here], burst: [there] })
    let calls = 0
    const { merger, clock } = mergerOf(window, async () => {
      calls += 1
      throw new InvokeFailed('function_error', 'merge', 'Runtime exited with error: signal: killed')
    })
    const result = merger.result(window.account)
    await clock.pass(60_000)
    expect(await result).toEqual(recalled('signal: killed'))
    expect(calls).toBe(8)
  })

  test('at once when the call itself is refused, as one that is too large is', async () => {
    const window = await completeWindow({ edge: [here], burst: [there] })
    let calls = 0
    const { merger } = mergerOf(window, async () => {
      calls += 1
      throw new InvokeFailed('refused', 'merge', 'RequestTooLargeException: 6291556 bytes')
    })
    expect(await merger.result(window.account)).toEqual(recalled('RequestTooLargeException'))
    expect(calls).toBe(1)
  })

  test('when the function refuses', async () => {
    const window = await completeWindow({ edge: [here], burst: [there] })
    const { merger } = mergerOf(window, async () => ({
      status: 'refused',
      reason: 'this function has version v2',
      work: {},
    }))
    expect(await merger.result(window.account)).toEqual(recalled('this function has version v2'))
  })

  test('when it does not balance', async () => {
    const window = await completeWindow({ edge: [here], burst: [there] })
    const account = { ...window.account, accepted: [5, window.account.accepted[1]] as const }
    expect(await mergerOf(window).merger.result(account)).toEqual(recalled('does not balance'))
  })

  test('when the state of a key at the edge is too large for the table', async () => {
    const window = await completeWindow({ edge: [here], burst: [there] })
    window.partials.putPart = async () => {
      throw new GroupTooLarge(300_000)
    }
    expect(await mergerOf(window).merger.result(window.account)).toEqual(recalled('the state of one key'))
  })
})
