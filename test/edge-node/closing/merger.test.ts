import { describe, expect, test } from '@jest/globals'
import { InvokeFailed } from '../../../cloud/functions'
import type { Row } from '../../../core/pipeline/pipeline'
import type { Manifest, RunOrder } from '../../../core/protocol/protocol'
import { acceptedDigest } from '../../../edge-node/closing/merger'
import { envelopeOf, ORIGIN } from '../../support/envelopes'
import { completeWindow, here, mergerOf, ROWS, there, type Window } from './complete-window'

describe('a window without burst', () => {
  test('is merged at the edge without any cloud call', async () => {
    const window = await completeWindow({ edge: [here, there], burst: [] })
    const { merger, works } = mergerOf(window)
    const { accepted } = window.account
    expect(await merger.result(window.account)).toEqual({
      kind: 'result',
      result: { startMs: 0, endMs: 10, accepted, edge: 4, burst: 0, deadLettered: 0, rows: ROWS },
    })
    expect([window.manifests, works, window.items.meter]).toEqual([
      [],
      [],
      { readUnits: 0, readBytes: 0, writeUnits: 0 },
    ])
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

  test('without a digest of its rows, as version 0.1.0 wrote it, is not adopted', async () => {
    const window = await completeWindow({ edge: [here], burst: [there] })
    const candidate = window.results.candidate.bind(window.results)
    window.results.candidate = async (...args) => {
      const { rowsDigest: _, ...rest } = (await candidate(...args))!
      return rest
    }
    expect(await mergerOf(window).merger.result(window.account)).toMatchObject({ kind: 'recall' })
  })

  test.each([
    ['changed', (rows: Row[]) => rows.map((row) => ({ ...row, n: 99 }))],
    ['fewer', (rows: Row[]) => rows.slice(1)],
    ['in another order', (rows: Row[]) => [...rows].reverse()],
  ])('whose rows are %s is not adopted: the edge does without the cloud', async (_, change) => {
    const window = await completeWindow({ edge: [here], burst: [there] })
    const { merger } = mergerOf(window, async (payload) => {
      const answer = await window.invoke(payload)
      const rows = window.results.rows.bind(window.results)
      window.results.rows = async (...args) => change((await rows(...args))!)
      return answer
    })
    expect(await merger.result(window.account)).toEqual({
      kind: 'recall',
      envelopes: new Set([there.number]),
      reason: expect.stringContaining('the rows of the candidate'),
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

describe('a window with more envelopes than one call merges', () => {
  const many = Array.from({ length: 5 }, (_, number) =>
    envelopeOf(number, [`{"k":"a","t":${number},"v":0.1}`, `{"k":"b","t":1,"v":${number}e16}`], 10 * number),
  )
  const [edge, ...burst] = many
  const longer = Array.from({ length: 40 }, (_, n) =>
    envelopeOf(n + 1, ['{"k":"a","t":1,"v":1}', '{"k":"b","t":1,"v":1}'], 2 * n + 2),
  )
  const ofRuns = (window: Window) => window.manifests.map((request) => ('run' in request ? 'run' : 'window'))

  test('is merged in runs first, and comes to the same to the bit', async () => {
    const window = await completeWindow({ edge: [edge!], burst })
    const flat = await mergerOf(await completeWindow({ edge: [edge!], burst })).merger.result(window.account)
    const { merger, works } = mergerOf(window, window.invoke, 3)
    expect(await merger.result(window.account)).toEqual(flat)
    expect(ofRuns(window)).toEqual(['run', 'run', 'window'])
    expect(window.manifests.at(-1)).toMatchObject({ burst: [], runs: [{ chunks: 2 }, { chunks: 2 }] })
    expect(works).toHaveLength(3)
  })

  test('keeps the runs that are merged when another call fails', async () => {
    const window = await completeWindow({ edge: [edge!], burst })
    let calls = 0
    const { merger, clock } = mergerOf(
      window,
      async (payload) => {
        if (++calls === 3) throw new Error('socket hang up')
        return window.invoke(payload)
      },
      3,
    )
    const result = merger.result(window.account)
    await clock.pass(100)
    expect(await result).toMatchObject({ kind: 'result', result: { edge: 2, burst: 8 } })
    expect(ofRuns(window)).toEqual(['run', 'run', 'window'])
  })

  test('has runs of its runs joined where they are too many for the last call, and comes to the same to the bit', async () => {
    const window = await completeWindow({ edge: [edge!], burst })
    const flat = await mergerOf(await completeWindow({ edge: [edge!], burst })).merger.result(window.account)
    expect(await mergerOf(window, window.invoke, 1, 2).merger.result(window.account)).toEqual(flat)
    expect(ofRuns(window)).toEqual([...Array(6).fill('run'), 'window'])
    const requests = window.manifests as readonly Partial<Manifest & RunOrder>[]
    expect(requests.map(({ parts }) => parts?.length ?? 0)).toEqual([0, 0, 0, 0, 2, 2, 0])
    expect(requests.at(-1)?.runs).toHaveLength(2)
  })

  test('has all runs merged anew where a part that is to be joined is missing, and comes back when it stays so', async () => {
    const window = await completeWindow({ edge: [edge!], burst })
    const { merger, clock } = mergerOf(
      window,
      async (payload) => {
        if ('parts' in (payload as object) && window.manifests.length === 4)
          window.lose(({ sk }) => sk.startsWith('chunk#run/1'))
        return window.invoke(payload)
      },
      1,
      2,
    )
    const result = merger.result(window.account)
    await clock.pass(100)
    expect(await result).toMatchObject({ kind: 'result', result: { edge: 2, burst: 8 } })
    expect(window.manifests).toHaveLength(6 + 7)
  })

  test('comes back as a whole where partials of runs are lost again and again', async () => {
    const window = await completeWindow({ edge: [edge!], burst })
    const { merger, clock } = mergerOf(
      window,
      async (payload) => {
        if (!('run' in (payload as object))) window.lose(({ sk }) => sk.startsWith('chunk#run/'))
        return window.invoke(payload)
      },
      3,
    )
    const result = merger.result(window.account)
    await clock.pass(1_000)
    expect(await result).toMatchObject({ kind: 'recall', envelopes: new Set(burst.map(({ number }) => number)) })
  })

  test('keeps what the runs beside a failed one merged', async () => {
    const window = await completeWindow({ edge: [edge!], burst })
    let calls = 0
    const { merger, clock } = mergerOf(
      window,
      async (payload) => {
        if (++calls === 1) throw new Error('socket hang up')
        return window.invoke(payload)
      },
      1,
    )
    const result = merger.result(window.account)
    await clock.pass(100)
    expect(await result).toMatchObject({ kind: 'result', result: { edge: 2, burst: 8 } })
    expect([calls, ofRuns(window)]).toEqual([6, ['run', 'run', 'run', 'run', 'window']])
  })

  test('is not given up for failures that came between runs that were merged', async () => {
    const window = await completeWindow({ edge: [edge!], burst: longer })
    let calls = 0
    const { merger, clock } = mergerOf(
      window,
      async (payload) => {
        if (calls++ % 4 === 0) throw new InvokeFailed('function_error', 'merge', 'Task timed out')
        return window.invoke(payload)
      },
      1,
      100,
    )
    const result = merger.result(window.account)
    await clock.pass(200_000)
    expect(await result).toMatchObject({ kind: 'result', result: { burst: 2 * longer.length } })
  })

  test('merges all runs anew when a part of one is missing', async () => {
    const window = await completeWindow({ edge: [edge!], burst })
    const { merger, clock } = mergerOf(
      window,
      async (payload) => {
        if (window.manifests.length === 2) window.lose(({ sk }) => sk.startsWith('chunk#run/'))
        return window.invoke(payload)
      },
      3,
    )
    const result = merger.result(window.account)
    await clock.pass(100)
    expect(await result).toMatchObject({ kind: 'result', result: { edge: 2, burst: 8 } })
    expect(ofRuns(window)).toEqual(['run', 'run', 'window', 'run', 'run', 'window'])
  })

  test('asks again for envelopes of a run that were not found', async () => {
    const window = await completeWindow({ edge: [edge!], burst })
    window.lose(({ pk }) => pk.endsWith('#envelope#2'))
    const { merger, clock } = mergerOf(window, window.invoke, 3)
    const result = merger.result(window.account)
    await clock.pass(10_000)
    expect(await result).toMatchObject({ kind: 'recall', envelopes: new Set([2]) })
  })

  test('comes back to the edge when a call is refused for good', async () => {
    const window = await completeWindow({ edge: [edge!], burst })
    const refused = Object.assign(new Error('no'), { name: 'ValidationException', $metadata: { httpStatusCode: 400 } })
    const { merger } = mergerOf(window, () => Promise.reject(refused), 3)
    expect(await merger.result(window.account)).toMatchObject({
      kind: 'recall',
      envelopes: new Set(burst.map(({ number }) => number)),
      reason: expect.stringContaining('refuses'),
    })
  })
})
