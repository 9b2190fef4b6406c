import { describe, expect, test } from '@jest/globals'
import { secondsOver } from '../../scripts/start/samples'

describe('the table of progress', () => {
  test('has each second once, however the looks come', () => {
    const looksMs = [0, 250, 999, 1_000, 1_010, 1_999.9, 2_600, 2_700, 6_100, 6_350, 7_001]
    const rows = looksMs.slice(1).flatMap((afterMs, index) => secondsOver(looksMs[index]!, afterMs))
    expect(rows).toEqual([1, 2, 3, 4, 5, 6, 7])
  })

  test('has no row for a look within a second', () => {
    expect(secondsOver(1_000, 1_999)).toEqual([])
  })
})
