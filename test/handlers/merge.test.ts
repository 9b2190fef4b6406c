import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { envelopeOf, type SampleEvent } from '../cloud/sample-envelopes'
import { acceptedOf, allEdgeResult, envelopes, manifestOf, mergeFunction, WINDOW } from './merge-setup'

const [one, two, three, four] = envelopes
const all = [...envelopes]

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

  test('states what it used, and not what others did before it', async () => {
    const cloud = mergeFunction()
    await cloud.burst(one, four)
    const { work } = await cloud.merge(manifestOf([four], [four], null))
    const [{ readUnits }, { writeUnits }] = [cloud.partialItems.meter, cloud.resultItems.meter]
    expect(work).toEqual({ ms: 1, memoryMb: 512, readUnits, writeUnits })
    expect(readUnits).toBeGreaterThan(100)
    const again = await cloud.merge(manifestOf([one], [one], null))
    expect(again.work).toEqual({ ms: 1, memoryMb: 512, readUnits: 1, writeUnits: 2 })
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

test('a merge of many envelopes reads their heads a hundred at a time, and each once', async () => {
  const many = Array.from({ length: 250 }, (_, number) => envelopeOf(number, [{ k: 'a', t: 15, v: 1 }]))
  const cloud = mergeFunction()
  await cloud.burst(...many)
  const reads: number[] = []
  const heads = cloud.partials.heads.bind(cloud.partials)
  cloud.partials.heads = (from, numbers) => {
    reads.push(numbers.length)
    return heads(from, numbers)
  }
  expect(await cloud.merge(manifestOf(many, many, null))).toMatchObject({ status: 'merged' })
  expect(reads).toEqual([100, 100, 50])
  expect((await cloud.candidate())?.rows).toEqual((await allEdgeResult(many)).rows)
})
