import { describe, expect, test } from '@jest/globals'
import { partShares } from '../../dashboard/src/panels/figures'
import { labelHeights } from '../../dashboard/src/plots/geometry'

const part = (name: string, p50: number) => ({ part: name, inWords: name, p50, p99: 2 * p50, max: 3 * p50 })

test('each part of the time of an envelope has its share of the usual time', () => {
  const shares = partShares([part('linger', 50), part('lane', 150), part('put', 0)])
  expect(shares.map(({ part, share }) => [part, share])).toEqual([
    ['linger', 0.25],
    ['lane', 0.75],
    ['put', 0],
  ])
})

test('there are no shares while nothing has come back from the cloud', () => {
  expect(partShares([part('linger', 0), part('lane', 0)])).toEqual([])
})

const heights = (...lines: number[]) => labelHeights(lines, { height: 18, gap: 5, bottom: 100 })

describe('the names of the lines for target and limit', () => {
  test('are above their lines where these are apart', () => {
    expect(heights(20, 38)).toEqual([15, 33])
    expect(heights(90, 20)).toEqual([85, 15])
  })

  test('are above the upper and below the lower line where these are near, whichever comes first', () => {
    expect(heights(40, 57)).toEqual([35, 70])
    expect(heights(57, 40)).toEqual([70, 35])
  })

  test('never lie on each other, also on lines of the same height and at the bottom of the plot', () => {
    for (const [first, second] of [
      [40, 40],
      [90, 92],
      [99, 99],
      [92, 84],
    ] as const) {
      const [one, other] = heights(first, second) as [number, number]
      expect(Math.abs(one - other)).toBeGreaterThanOrEqual(18)
      expect(Math.max(one, other)).toBeLessThanOrEqual(100)
    }
  })

  test('of a single line, and of none, take no notice of others', () => {
    expect([heights(40), heights()]).toEqual([[35], []])
  })
})
