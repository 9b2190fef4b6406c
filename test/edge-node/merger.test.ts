import { describe, expect, test } from '@jest/globals'
import { pino } from 'pino'
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

/** An invoke that fails so many times before the function is reached. */
function failing(window: Window, times: number, calls: number[], clock: () => number) {
  return async (payload: unknown) => {
    calls.push(clock())
    if (calls.length <= times) throw new Error('TooManyRequestsException')
    return window.invoke(payload)
  }
}

describe('a window without burst', () => {
  test('is merged at the edge without any cloud call', async () => {
    const window = await completeWindow({ edge: [here, there], burst: [] })
    const { merger, works } = mergerOf(window)
    const result = await merger.result(window.account)
    expect(result).toEqual({
      startMs: 0,
      endMs: 10,
      accepted: window.account.accepted,
      edge: 4,
      burst: 0,
      deadLettered: 0,
      rows: ROWS,
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
    const result = await merger.result(window.account)
    expect(result).toMatchObject({ edge: 2, burst: 2, deadLettered: 0, rows: ROWS })
    expect(works).toEqual([{ ms: 0, memoryMb: 512, readUnits: 0, writeUnits: 0 }])
  })

  test('of which the edge counted nothing uploads no partial of the edge', async () => {
    const window = await completeWindow({ edge: [], burst: [here, there] })
    const { merger } = mergerOf(window)
    expect(await merger.result(window.account)).toMatchObject({ edge: 0, burst: 4, rows: ROWS })
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
    expect(await result).toMatchObject({ rows: ROWS })
    const attempts = window.manifests.map(({ edge }) => edge?.attempt)
    expect(attempts).toEqual([expect.stringMatching(/^edge\/3\.0/), expect.stringMatching(/^edge\/3\.1/)])
  })

  test('waits for a partial that is not there yet', async () => {
    const window = await completeWindow({ edge: [here], burst: [there] })
    const [key] = [...window.items.items.keys()].filter((id) => id.includes('#envelope#1 head'))
    window.items.items.delete(key!)
    const { merger, clock } = mergerOf(window)
    const result = merger.result(window.account)
    await clock.pass(1_000)
    await window.putBurst(there)
    await clock.pass(1_000)
    expect(await result).toMatchObject({ rows: ROWS })
  })
})

describe('trying again', () => {
  test('begins after 100 ms, doubles up to 10 s, and goes on until it is merged', async () => {
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
    expect(await result).toMatchObject({ rows: ROWS })
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
    expect(await result).toBeNull()
    expect(clock.pending).toBe(0)
  })

  test('so does a try that fails after the stop', async () => {
    const window = await completeWindow({ edge: [here], burst: [there] })
    const { merger, clock } = mergerOf(window, async () => {
      merger.stop()
      throw new Error('socket hang up')
    })
    expect(await merger.result(window.account)).toBeNull()
    expect(clock.pending).toBe(0)
  })
})

describe('a standing candidate', () => {
  const foreign = { startMs: 0, endMs: 10, edge: 1, burst: 0, deadLettered: 0, rows: [] }

  test.each<[string, (window: Window) => { digest: string; accepted: Window['account']['accepted'] }]>([
    ['with another digest', ({ account }) => ({ digest: 'of other envelopes', accepted: account.accepted })],
    ['with another count', ({ account }) => ({ digest: acceptedDigest(account), accepted: [9, account.accepted[1]] })],
    ['with another hash sum', ({ account }) => ({ digest: acceptedDigest(account), accepted: [4, '0'.repeat(16)] })],
  ])('%s of the accepted set is not adopted', async (_, other) => {
    const window = await completeWindow({ edge: [here], burst: [there] })
    const { digest, accepted } = other(window)
    await window.results.putCandidate(ORIGIN, 'foreign', digest, { ...foreign, accepted })
    const { merger, clock } = mergerOf(window)
    const result = merger.result(window.account)
    await clock.pass(2_000)
    expect(window.manifests.length).toBeGreaterThan(2)
    merger.stop()
    expect(await result).toBeNull()
  })

  test('of which a chunk is missing is not adopted', async () => {
    const window = await completeWindow({ edge: [here], burst: [there] })
    const { merger, clock } = mergerOf(window, async (payload) => {
      const answer = await window.invoke(payload)
      for (const id of window.items.items.keys()) if (id.includes('chunk#merge')) window.items.items.delete(id)
      return answer
    })
    const result = merger.result(window.account)
    await clock.pass(500)
    merger.stop()
    expect(await result).toBeNull()
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
