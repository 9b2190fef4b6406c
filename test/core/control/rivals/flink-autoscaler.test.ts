import { describe, expect, test } from '@jest/globals'
import { flinkAutoscaler } from '../../../../core/control/rivals/flink-autoscaler'
import { FLINK_DEFAULTS, RESTART_MS } from '../../../../core/control/rivals/flink-terms'
import { intentsAt, machinesOf, type Sample } from './samples'

const MINUTE = 60

/** The machines at these minutes after the start. */
const machines = (samples: readonly Sample[], minutes: readonly number[], terms = FLINK_DEFAULTS) =>
  intentsAt(
    flinkAutoscaler(terms),
    samples,
    minutes.map((minute) => minute * MINUTE),
  ).map(machinesOf)

describe("Flink's autoscaler", () => {
  test('decides nothing before its window of 15 minutes is full', () => {
    expect(machines([[0, { steadyRate: 4_000 }]], [0, 1, 14, 15, 20])).toEqual([1, 1, 1, 7, 7])
  })

  test.each([
    // arrivals, backlog, machines of 1,000 events/s each: input / 0.7 + input x 5 min / 30 min + lag / 30 min
    [1_000, 0, 1], // 100 % busy is the upper bound
    [1_001, 0, 2],
    [2_000, 0, 4], // 2,857 + 333
    [4_000, 0, 7], // 5,714 + 667
    [4_000, 180_000, 7], // + 100
    [4_000, 1_800_000, 8], // + 1,000
    [900, 180_000, 1], // 900 + 100 are the upper bound
    [900, 181_800, 2], // one percent of a machine more is over it
    [0, 0, 1],
    [1e6, 0, 200], // as many as it may
  ])('at %i events/s with %i waiting it wants %i machines', (steadyRate, backlogEvents, wanted) => {
    expect(machines([[0, { steadyRate, backlogEvents }]], [15])).toEqual([wanted])
  })

  test('a spike of 20 s is averaged away', () => {
    expect(
      machines(
        [
          [0, { steadyRate: 500 }],
          [600, { steadyRate: 4_000 }],
          [620, { steadyRate: 500 }],
        ],
        [15, 30],
      ),
    ).toEqual([1, 1])
  })

  test('takes machines away only after an hour, to the most that were needed in it', () => {
    const start = 15 * MINUTE
    const samples: Sample[] = [
      [0, { steadyRate: 4_000 }],
      [start + 60, { steadyRate: 400 }],
      [start + 40 * MINUTE, { steadyRate: 500 }],
    ]
    // 7 machines at minute 15; a full window again at 15 + 0.5 + 5 + 15, an hour later 3: at most 60 % go at once
    expect(machines(samples, [15, 36, 95, 97])).toEqual([7, 7, 7, 3])
  })

  test('does not take machines away while it catches up', () => {
    const behind = { steadyRate: 400, backlogEvents: 400 * 5 * MINUTE + 1 }
    expect(
      machines(
        [
          [0, { steadyRate: 4_000 }],
          [960, behind],
        ],
        [15, 200],
      ),
    ).toEqual([7, 7])
  })

  test('is blind for the restart, the stabilization and a window after each change', () => {
    const blindS = RESTART_MS / 1000 + 20 * MINUTE
    const samples: Sample[] = [
      [0, { steadyRate: 2_000 }],
      [15 * MINUTE + 1, { steadyRate: 20_000 }],
    ]
    expect(machines(samples, [15, 15 + blindS / MINUTE - 0.5, 15 + blindS / MINUTE + 1])).toEqual([4, 4, 32])
  })

  test('without a true rate it stays as it is', () => {
    expect(machines([[0, { trueRate: 0, steadyRate: 4_000 }]], [60])).toEqual([1])
  })

  test('without a catch-up duration the backlog does not count', () => {
    const terms = { ...FLINK_DEFAULTS, catchUpMs: 0 }
    expect(machines([[0, { steadyRate: 2_000, backlogEvents: 1e9 }]], [15], terms)).toEqual([3])
  })
})
