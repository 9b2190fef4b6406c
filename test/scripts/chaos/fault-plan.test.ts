import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { FAULT_KINDS, faultAt, planEpisodes } from '../../../scripts/chaos/faults/fault-plan'

const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const LENGTH_MS = 36_000

describe('the plan of episodes', () => {
  test('lies within the run, one episode after the other, with quiet times between them', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        let endMs = 0
        for (const { fromMs, toMs, share } of planEpisodes(seed, LENGTH_MS)) {
          expect(fromMs).toBeGreaterThan(endMs)
          expect(toMs).toBeGreaterThan(fromMs)
          expect(toMs).toBeLessThanOrEqual(LENGTH_MS)
          expect(share).toBeLessThan(1)
          endMs = toMs
        }
      }),
    )
  })

  test('has every kind of fault in a run of the usual length', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const kinds = planEpisodes(seed, LENGTH_MS).map(({ kind }) => kind)
        expect(new Set(kinds)).toEqual(new Set(FAULT_KINDS))
      }),
    )
  })

  test('is the same for the same seed and another for another', () => {
    expect(planEpisodes(7, LENGTH_MS)).toEqual(planEpisodes(7, LENGTH_MS))
    expect(planEpisodes(7, LENGTH_MS)).not.toEqual(planEpisodes(8, LENGTH_MS))
  })
})

describe('the fault that a request meets', () => {
  const requests = Array.from({ length: 2_000 }, (_, n) => n)

  test('is none before, between and after the episodes', () => {
    const episodes = planEpisodes(1, LENGTH_MS)
    const quietMs = [-1, Number.NEGATIVE_INFINITY, LENGTH_MS, ...episodes.map(({ toMs }) => toMs)]
    for (const atMs of quietMs) expect(faultAt(episodes, 1, atMs, 5)).toEqual({ kind: 'none' })
  })

  test('is mostly that of the episode, in its share of the requests', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const episodes = planEpisodes(seed, LENGTH_MS)
        const { fromMs, kind, share } = episodes[seed % episodes.length]!
        const hits = requests.filter((n) => faultAt(episodes, seed, fromMs, n).kind === kind)
        expect(Math.abs(hits.length / requests.length - share)).toBeLessThan(0.08)
      }),
      { numRuns: 20 },
    )
  })

  test('is the same for the same request', () => {
    const episodes = planEpisodes(3, LENGTH_MS)
    const { fromMs } = episodes[0]!
    const faults = () => requests.map((n) => faultAt(episodes, 3, fromMs, n))
    expect(faults()).toEqual(faults())
  })
})
