import { describe, expect, test } from '@jest/globals'
import { CPU_THRESHOLD } from '../../../../core/control/rivals/cpu-threshold'
import { intentsAt, type Sample, shareOf } from './samples'

const busy = (utilization: number, steadyRate: number) => ({ utilization, steadyRate })

describe('a threshold on the CPU', () => {
  test('bursts at the third sample above 80 % what exceeds 80 % of the capacity', () => {
    const intents = intentsAt(CPU_THRESHOLD, [[0, busy(1, 4_000)]], [0, 1, 1.9, 2])
    expect(intents.map(shareOf)).toEqual([0, 0, 0, 0.8])
    expect(intents.map(({ bursting }) => bursting)).toEqual([false, false, false, true])
  })

  test('one sample at 80 % begins the count anew', () => {
    const samples: Sample[] = [
      [0, busy(1, 4_000)],
      [2, busy(0.8, 900)],
      [3, busy(1, 4_000)],
    ]
    expect(intentsAt(CPU_THRESHOLD, samples, [2, 3, 4, 5]).map(shareOf)).toEqual([0, 0, 0, 0.8])
  })

  test.each([
    [4_000, 0.8],
    [1_600, 0.5],
    [800, 0],
    [400, 0],
    [0, 0],
  ])('while it bursts, at %i events/s the share is %p', (rate, share) => {
    const intents = intentsAt(
      CPU_THRESHOLD,
      [
        [0, busy(1, 4_000)],
        [3, busy(0.8, rate)],
      ],
      [3],
    )
    expect(intents.map(shareOf)).toEqual([share])
  })

  test('stops after ten samples below 50 %, and not before', () => {
    const intents = intentsAt(
      CPU_THRESHOLD,
      [
        [0, busy(1, 4_000)],
        [3, busy(0.4, 400)],
      ],
      [11, 12],
    )
    expect(intents.map(({ bursting }) => bursting)).toEqual([true, false])
  })

  test('50 % is not below: it stays on', () => {
    const intents = intentsAt(
      CPU_THRESHOLD,
      [
        [0, busy(1, 4_000)],
        [3, busy(0.5, 500)],
      ],
      [60],
    )
    expect(intents.map(({ bursting }) => bursting)).toEqual([true])
  })
})
