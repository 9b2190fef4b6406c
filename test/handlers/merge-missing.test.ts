import { describe, expect, test } from '@jest/globals'
import { machineTimers } from '../../cloud/timers'
import { envelopeOf, FROM } from '../cloud/sample-envelopes'
import { acceptedOf, allEdgeResult, envelopes, manifestOf, mergeFunction } from './merge-setup'

const [one, two, three, four] = envelopes
const all = [...envelopes]

describe('what is missing is named, exactly, and nothing is written', () => {
  type Cloud = ReturnType<typeof mergeFunction>
  const refusal = { kind: 'refused', digest: two.digest, code: 'corrupt', reason: 'no lines' } as const
  const losing = (cloud: Cloud, chunk: RegExp) => {
    cloud.partialItems.onWrite = ({ sk }) => !chunk.test(sk)
    return cloud
  }

  test.each<[string, (cloud: Cloud) => unknown, number[]]>([
    ['a head', (cloud) => cloud.burst(one, three, four), [2]],
    ['several heads', (cloud) => cloud.burst(three), [1, 2, 4]],
    ['all heads', () => undefined, [1, 2, 3, 4]],
    ['a chunk', (cloud) => losing(cloud, /^chunk#burst 4#10#1$/).burst(...all), [4]],
    ['every chunk', (cloud) => losing(cloud, /^chunk#burst 4/).burst(...all), [4]],
    [
      'an envelope that was refused',
      async (cloud) => {
        await cloud.partials.refuse(FROM, 2, refusal)
        await cloud.burst(...all)
      },
      [2],
    ],
    [
      'an envelope under whose number another content stands',
      (cloud) => cloud.burst(one, envelopeOf(2, [{ k: 'z', t: 12 }]), three, four),
      [2],
    ],
  ])('%s', async (_, prepare, missing) => {
    const cloud = mergeFunction()
    await prepare(cloud)
    expect(await cloud.merge(manifestOf(all, all, null))).toMatchObject({
      status: 'missing',
      envelopes: missing,
      edge: false,
    })
    expect(cloud.resultItems.written).toEqual([])
  })

  test("the edge's partial, with and without envelopes", async () => {
    const cloud = mergeFunction()
    await cloud.burst(two)
    const ref = { attempt: 'edge/9.9', chunks: 2 }
    const nothingElse = await cloud.merge(manifestOf([one, two], [two], ref))
    expect(nothingElse).toMatchObject({ status: 'missing', envelopes: [], edge: true })
    const more = await cloud.merge(manifestOf([one, two, three], [two, three], ref))
    expect(more).toMatchObject({ status: 'missing', envelopes: [3], edge: true })
    expect(cloud.resultItems.written).toEqual([])
  })

  test("a chunk of the edge's partial", async () => {
    const cloud = mergeFunction()
    const ref = await losing(cloud, /^chunk#edge\/1.0#30#2$/).edge('edge/1.0', four)
    expect(await cloud.merge(manifestOf([four], [], ref))).toMatchObject({
      status: 'missing',
      envelopes: [],
      edge: true,
    })
  })

  test('once it is there, the same manifest merges', async () => {
    const cloud = mergeFunction()
    await cloud.burst(one)
    const manifest = manifestOf([one, two], [one, two], null)
    expect(await cloud.merge(manifest)).toMatchObject({ status: 'missing', envelopes: [2] })
    await cloud.burst(two)
    expect(await cloud.merge(manifest)).toMatchObject({ status: 'merged' })
    expect((await cloud.candidate())!.rows).toEqual((await allEdgeResult([one, two])).rows)
  })
})

describe('a window that does not balance is never written', () => {
  const single = (number: number) => envelopeOf(number, [{ k: 'a', t: 12, v: 1 }])
  const [left, right] = [single(5), single(6)]

  test.each([
    [
      'an event is counted twice and another never: the counts agree, the hash sums do not',
      [left, right],
      [left, left],
    ],
    ['an event is counted that was not accepted', [left], [left, right]],
    ['an accepted event is counted nowhere', [left, right], [left]],
  ])('%s', async (_, accepted, counted) => {
    const cloud = mergeFunction()
    await cloud.burst(left, right)
    expect(await cloud.merge(manifestOf(accepted, counted, null))).toMatchObject({
      status: 'unbalanced',
      expected: acceptedOf(accepted),
      found: acceptedOf(counted),
    })
    expect(cloud.resultItems.written).toEqual([])
  })

  test('an envelope is counted at the edge and in the burst', async () => {
    const cloud = mergeFunction()
    await cloud.burst(left, right)
    const ref = await cloud.edge('edge/1.0', left)
    expect(await cloud.merge(manifestOf([left, right], [left, right], ref))).toMatchObject({ status: 'unbalanced' })
    expect(await cloud.candidate()).toBeNull()
  })
})

describe('a merge that cannot be done', () => {
  const all = [...envelopes]

  describe('a merge for which the function has too little time', () => {
    test('says so before the function is killed, and leaves no candidate', async () => {
      const cloud = mergeFunction()
      await cloud.burst(...all)
      let reads = 0
      const getRemainingTimeInMillis = () => 60_000 - 15_000 * reads++
      await expect(cloud.merge(manifestOf(all, all, null), { getRemainingTimeInMillis })).rejects.toMatchObject({
        name: 'OutOfTime',
        code: 'out_of_time',
        retryable: true,
      })
      expect(await cloud.candidate()).toBeNull()
      expect(await cloud.merge(manifestOf(all, all, null))).toMatchObject({ status: 'merged' })
    })

    test('does not wait for a table that gives no answer', async () => {
      const cloud = mergeFunction({ timers: machineTimers })
      await cloud.burst(...all)
      cloud.partialItems.getAll = () => new Promise<never>(() => {})
      const endMs = performance.now() + 200
      const time = { getRemainingTimeInMillis: () => endMs - performance.now() }
      await expect(cloud.merge(manifestOf(all, all, null), time)).rejects.toMatchObject({ code: 'out_of_time' })
    })
  })

  describe('a call with something else than a merge', () => {
    test.each([
      ['nothing', null],
      ['an empty object', {}],
      ['a manifest without envelopes', { ...manifestOf(all, all, null), burst: undefined }],
    ])('%s: says what is expected', async (_, request) => {
      await expect(mergeFunction().merge(request as never)).rejects.toMatchObject({
        name: 'NotAMerge',
        code: 'not_a_merge',
        retryable: false,
        message: expect.stringContaining('manifest'),
      })
    })
  })
})
