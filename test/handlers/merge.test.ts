import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { envelopeOf, FROM, noise, type SampleEvent } from '../cloud/sample-envelopes'
import { acceptedOf, allEdgeResult, manifestOf, mergeFunction, WINDOW } from './merge-setup'

const one = envelopeOf(1, [
  { k: 'a', t: 11, v: 1e16 },
  { k: 'b', t: 25, v: 1 },
  { k: 'a', t: 3, v: 7 },
])
const two = envelopeOf(2, [
  { k: 'a', t: 12, v: 1 },
  { k: 'c', t: 13, v: -1 },
])
const three = envelopeOf(3, [
  { k: 'a', t: 29, v: -0 },
  { k: 'b', t: 30, v: 5 },
  { k: 'a', t: 21, v: -1 },
])
/** So large that its partial is in chunks. */
const four = envelopeOf(
  4,
  Array.from({ length: 12 }, (_, key) => ({ k: `key ${key}`, t: 15, text: noise(60_000, key) })),
)
const all = [one, two, three, four]

describe('a merge', () => {
  const event: fc.Arbitrary<SampleEvent> = fc.record({
    k: fc.constantFrom('a', 'b', 'ü'),
    t: fc.integer({ min: 0, max: 39 }),
    v: fc.oneof(fc.constantFrom(1e16, 1, 0.1, -1), fc.double({ min: 0, max: 1e6, noNaN: true })),
    text: fc.constantFrom('x', 'y'),
  })
  const parts = fc.array(fc.tuple(fc.array(event, { minLength: 1, maxLength: 8 }), fc.boolean()), { maxLength: 6 })

  test('of every way of splitting the input comes to what the edge alone comes to', async () => {
    await fc.assert(
      fc.asyncProperty(parts, async (split) => {
        const placed = split.map(([events, isBurst], number) => ({ envelope: envelopeOf(number, events), isBurst }))
        const envelopes = placed.map(({ envelope }) => envelope)
        const burst = placed.filter(({ isBurst }) => isBurst).map(({ envelope }) => envelope)
        const edge = placed.filter(({ isBurst }) => !isBurst).map(({ envelope }) => envelope)
        const cloud = mergeFunction()
        await cloud.burst(...burst)
        const ref = edge.length === 0 ? null : await cloud.edge('edge/1.0', ...edge)
        expect(await cloud.merge(manifestOf(envelopes, burst, ref))).toMatchObject({ status: 'merged' })
        const found = (await cloud.candidate())!
        const expected = await allEdgeResult(envelopes)
        expect(JSON.stringify(found.rows)).toBe(JSON.stringify(expected.rows))
        expect(found.result).toMatchObject({ accepted: expected.accepted, deadLettered: expected.deadLettered })
        expect(found.result.edge + found.result.burst + found.result.deadLettered).toBe(expected.accepted[0])
      }),
      { numRuns: 60 },
    )
  })

  test('writes the figures of its proof, the version and the digest of the set it was made from', async () => {
    const cloud = mergeFunction()
    await cloud.burst(one, two)
    await cloud.merge(manifestOf([one, two, three], [one, two], await cloud.edge('edge/1.0', three)))
    expect(await cloud.candidate()).toMatchObject({
      attempt: 'merge 0',
      version: 'v1',
      acceptedDigest: 'digest of the set',
      result: { ...WINDOW, accepted: acceptedOf([one, two, three]), edge: 1, burst: 3, deadLettered: 2 },
    })
  })

  test('states what it used', async () => {
    const cloud = mergeFunction()
    await cloud.burst(four)
    const { work } = await cloud.merge(manifestOf([four], [four], null))
    expect(work).toEqual({
      ms: 1,
      memoryMb: 512,
      ...cloud.partialItems.meter,
      ...{ writeUnits: cloud.resultItems.meter.writeUnits },
    })
    expect(work.readUnits).toBeGreaterThan(100)
  })

  test('repeated, also at the same time, leaves one candidate', async () => {
    const cloud = mergeFunction()
    await cloud.burst(...all.slice(1))
    const manifest = manifestOf(all, all.slice(1), await cloud.edge('edge/1.0', one))
    const answers = await Promise.all(Array.from({ length: 5 }, () => cloud.merge(manifest)))
    expect(answers.map(({ status }) => status)).toEqual(Array(5).fill('merged'))
    const first = await cloud.candidate()
    expect(await cloud.merge(manifest)).toMatchObject({ status: 'merged' })
    expect(await cloud.candidate()).toEqual(first)
    expect(first!.rows).toEqual((await allEdgeResult(all)).rows)
  })

  test('counts no orphan: neither heads that are not on the manifest, nor another partial of the edge', async () => {
    const cloud = mergeFunction()
    await cloud.burst(one, two, three, four)
    const stale = await cloud.edge('edge/1.0', one, two, three)
    const named = await cloud.edge('edge/1.1', one, three, four)
    expect(stale).not.toEqual(named)
    expect(await cloud.merge(manifestOf(all, [two], named))).toMatchObject({ status: 'merged' })
    expect((await cloud.candidate())!.rows).toEqual((await allEdgeResult(all)).rows)
  })

  test('reads nothing but what the manifest lists', async () => {
    const cloud = mergeFunction()
    await cloud.burst(...all)
    const ref = await cloud.edge('edge/1.0', one)
    await cloud.merge(manifestOf([one, two], [two], ref))
    const envelopes = cloud.partialItems.read.map(({ pk }) => pk.slice('sample#v1#incarnation-1#'.length))
    expect(new Set(envelopes)).toEqual(new Set(['envelope#2', 'edge#30']))
  })

  test.each([
    ['pipeline', { pipeline: 'other' }, 'no pipeline other here'],
    ['version', { version: 'v2' }, 'this function has version v1'],
  ])('of another %s is refused before anything is read', async (_, fixed, reason) => {
    const cloud = mergeFunction()
    const answer = await cloud.merge({ ...manifestOf([one], [one], null), ...fixed })
    expect(answer).toMatchObject({ status: 'refused', reason })
    expect(cloud.partialItems.read).toEqual([])
    expect(cloud.resultItems.written).toEqual([])
  })
})

describe('what is missing is named, exactly, and nothing is written', () => {
  type Cloud = ReturnType<typeof mergeFunction>
  const refusal = { kind: 'refused', digest: two.digest, code: 'corrupt', reason: 'no lines' } as const
  const losing = (cloud: Cloud, chunk: RegExp) => {
    cloud.partialItems.onWrite = ({ sk }) => !chunk.test(sk)
  }

  test.each<[string, (cloud: Cloud) => Promise<unknown>, number[]]>([
    ['a head', (cloud) => cloud.burst(one, three, four), [2]],
    ['several heads', (cloud) => cloud.burst(three), [1, 2, 4]],
    ['all heads', async () => undefined, [1, 2, 3, 4]],
    ['a chunk', async (cloud) => (losing(cloud, /^chunk#burst 4#10#1$/), cloud.burst(...all)), [4]],
    ['every chunk', async (cloud) => (losing(cloud, /^chunk#burst 4/), cloud.burst(...all)), [4]],
    [
      'an envelope that was refused',
      async (cloud) => (await cloud.partials.refuse(FROM, 2, refusal), cloud.burst(...all)),
      [2],
    ],
    [
      'an envelope under whose number another content stands',
      (cloud) => cloud.burst(one, envelopeOf(2, [{ k: 'z', t: 12 }]), three, four),
      [2],
    ],
  ])('%s', async (_, prepare, envelopes) => {
    const cloud = mergeFunction()
    await prepare(cloud)
    expect(await cloud.merge(manifestOf(all, all, null))).toMatchObject({ status: 'missing', envelopes, edge: false })
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
    losing(cloud, /^chunk#edge\/1.0#30#2$/)
    const ref = await cloud.edge('edge/1.0', four)
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
