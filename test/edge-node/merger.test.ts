import { describe, expect, test } from '@jest/globals'
import { pino } from 'pino'
import { GroupTooLarge } from '../../cloud/chunks'
import { InvokeFailed } from '../../cloud/functions'
import { acceptedDigest, Merger } from '../../edge-node/merger'
import { completeWindow, spec } from './complete-window'
import { envelopeOf, ORIGIN } from './envelopes'
import { ManualClock } from './manual-clock'

const logger = pino({ level: 'silent' })
const here = envelopeOf(0, ['{"k":"a","t":1,"v":0.1}', '{"k":"b","t":2,"v":0.2}'])
const there = envelopeOf(1, ['{"k":"a","t":3,"v":0.2}', '{"k":"c","t":4,"v":1e16}'], 2)
const ROWS = [
  { key: 'a', n: 2, total: 0.30000000000000004 },
  { key: 'b', n: 1, total: 0.2 },
  { key: 'c', n: 1, total: 1e16 },
]

type Window = Awaited<ReturnType<typeof completeWindow>>

/** A merger over a window; `invoke` stands before the real merge function where it is given. */
function mergerOf(window: Window, invoke: (payload: unknown) => Promise<unknown> = window.invoke) {
  const clock = new ManualClock()
  const works: unknown[] = []
  const { partials, results } = window
  const cloud = { partials, results, merge: { invoke }, onMerged: (work: unknown) => works.push(work) }
  return { clock, works, merger: new Merger(spec, ORIGIN, 3, window.state, cloud, logger, clock) }
}

const unreachable = () => new InvokeFailed('unreachable', 'merge', 'TooManyRequestsException: Rate Exceeded.')

/** An invoke that fails so many times before the function is reached. */
function failing(window: Window, times: number, calls: number[], clock: () => number) {
  return async (payload: unknown) => {
    calls.push(clock())
    if (calls.length <= times) throw unreachable()
    return window.invoke(payload)
  }
}

describe('a window without burst', () => {
  test('is merged at the edge without any cloud call', async () => {
    const window = await completeWindow({ edge: [here, there], burst: [] })
    const { merger, works } = mergerOf(window)
    const { accepted } = window.account
    expect(await merger.result(window.account)).toEqual({
      kind: 'result',
      result: { startMs: 0, endMs: 10, accepted, edge: 4, burst: 0, deadLettered: 0, rows: ROWS },
    })
    expect([window.manifests, works, window.items.meter]).toEqual([[], [], { readUnits: 0, writeUnits: 0 }])
  })

  test('that does not balance is a bug: no result', async () => {
    const window = await completeWindow({ edge: [here], burst: [] })
    const { merger } = mergerOf(window)
    const account = { ...window.account, accepted: [3, window.account.accepted[1]] as const }
    await expect(merger.result(account)).rejects.toThrow('does not balance')
  })
})

describe('a window with burst', () => {
  test('has the same rows, to the bit, and says how many were folded where', async () => {
    const window = await completeWindow({ edge: [here], burst: [there] })
    const { merger, works } = mergerOf(window)
    const merged = await merger.result(window.account)
    expect(merged).toMatchObject({ kind: 'result', result: { edge: 2, burst: 2, deadLettered: 0, rows: ROWS } })
    expect(works).toEqual([{ ms: 0, memoryMb: 512, readUnits: 0, writeUnits: 0 }])
  })

  test('of which the edge counted nothing uploads no partial of the edge', async () => {
    const window = await completeWindow({ edge: [], burst: [here, there] })
    const { merger } = mergerOf(window)
    expect(await merger.result(window.account)).toMatchObject({ result: { edge: 0, burst: 4, rows: ROWS } })
    expect(window.manifests[0]?.edge).toBeNull()
  })

  test('whose answer was lost gives the same result, from an edge partial under another attempt', async () => {
    const window = await completeWindow({ edge: [here], burst: [there] })
    let calls = 0
    const { merger, clock } = mergerOf(window, async (payload) => {
      const answer = await window.invoke(payload)
      if (calls++ === 0) throw new Error('socket hang up')
      return answer
    })
    const result = merger.result(window.account)
    await clock.pass(100)
    expect(await result).toMatchObject({ result: { rows: ROWS } })
    const attempts = window.manifests.map(({ edge }) => edge?.attempt)
    expect(attempts).toEqual([expect.stringMatching(/^edge\/3\.0/), expect.stringMatching(/^edge\/3\.1/)])
  })

  test('asks again for a partial that was not found at first', async () => {
    const window = await completeWindow({ edge: [here], burst: [there] })
    window.lose(({ pk }) => pk.endsWith('#envelope#1'))
    const { merger, clock } = mergerOf(window)
    const result = merger.result(window.account)
    await clock.pass(50)
    await window.putBurst(there)
    await clock.pass(100)
    expect(await result).toMatchObject({ result: { rows: ROWS } })
  })
})

describe('trying again', () => {
  test('begins after 100 ms, doubles up to 10 s, and goes on as long as the function cannot be reached', async () => {
    const window = await completeWindow({ edge: [here], burst: [there] })
    const calls: number[] = []
    const { merger, clock } = mergerOf(
      window,
      failing(window, 9, calls, () => clock.monotonicMs()),
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

describe('a standing candidate', () => {
  const foreign = { startMs: 0, endMs: 10, edge: 1, burst: 0, deadLettered: 0, rows: [] }

  test.each<[string, (window: Window) => { digest: string; accepted: Window['account']['accepted'] }]>([
    ['with another digest', ({ account }) => ({ digest: 'of other envelopes', accepted: account.accepted })],
    ['with another count', ({ account }) => ({ digest: acceptedDigest(account), accepted: [9, account.accepted[1]] })],
    ['with another hash sum', ({ account }) => ({ digest: acceptedDigest(account), accepted: [4, '0'.repeat(16)] })],
  ])('%s of the accepted set is not adopted: the edge does without the cloud', async (_, other) => {
    const window = await completeWindow({ edge: [here], burst: [there] })
    const { digest, accepted } = other(window)
    await window.results.putCandidate(ORIGIN, 'foreign', digest, { ...foreign, accepted })
    expect(await mergerOf(window).merger.result(window.account)).toEqual({
      kind: 'recall',
      envelopes: new Set([there.number]),
      reason: expect.stringContaining('another accepted set'),
    })
  })

  test('of which a chunk is missing is not adopted', async () => {
    const window = await completeWindow({ edge: [here], burst: [there] })
    const { merger, clock } = mergerOf(window, async (payload) => {
      const answer = await window.invoke(payload)
      window.lose(({ sk }) => sk.startsWith('chunk#merge'))
      return answer
    })
    const result = merger.result(window.account)
    await clock.pass(500)
    merger.stop()
    expect(await result).toEqual({ kind: 'stopped' })
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
    window.partials.putEdge = async () => {
      throw new GroupTooLarge('a', 300_000)
    }
    expect(await mergerOf(window).merger.result(window.account)).toEqual(recalled('the state of key "a"'))
  })
})

test('the digest of the accepted set is the same wherever its envelopes were counted', async () => {
  const { account } = await completeWindow({ edge: [here], burst: [there] })
  const { account: turned } = await completeWindow({ edge: [there], burst: [here] })
  const { account: other } = await completeWindow({ edge: [here], burst: [] })
  expect(acceptedDigest(turned)).toBe(acceptedDigest(account))
  expect(acceptedDigest(other)).not.toBe(acceptedDigest(account))
})

test('a candidate that cannot be flagged as final is no failure', async () => {
  const window = await completeWindow({ edge: [], burst: [there] })
  window.items.markFinal = async () => {
    throw new Error('ServiceUnavailable')
  }
  await mergerOf(window).merger.markFinal(10)
})
