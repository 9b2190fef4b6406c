import { describe, expect, test } from '@jest/globals'
import { spread } from '../../../scripts/flink/faults'

describe('when something is killed', () => {
  test('one thing in the middle of the spike', () => {
    expect(spread(1, 10_000, 8_000)).toEqual([14_000])
  })

  test('several evenly over it, never at its edges', () => {
    expect(spread(3, 10_000, 8_000)).toEqual([12_000, 14_000, 16_000])
  })
})
