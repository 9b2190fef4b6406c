import { expect, test } from '@jest/globals'
import { type Done, lookAtTarget, overTargetForMs, watchFrom } from '../../../core/control/target-watch'

/** For how long the target is missed after these seconds, each of so many events of which so many were over it. */
function after(...seconds: readonly (readonly [events: number, overTarget: number, pending?: number])[]): number {
  let watch = watchFrom(0)
  let total = { events: 0, overTarget: 0 }
  for (const [index, [events, overTarget, pending = 0]] of seconds.entries()) {
    total = { events: total.events + events, overTarget: total.overTarget + overTarget }
    const done: Done = { ...total, pending }
    watch = lookAtTarget(watch, done, index * 1_000 + 500) // in the middle of a second nothing is judged
    watch = lookAtTarget(watch, done, (index + 1) * 1_000)
  }
  return overTargetForMs(watch, seconds.length * 1_000)
}

test('the target is missed from the beginning of the first second with more than one event in a hundred over it', () => {
  expect(after([100, 0], [100, 2], [100, 30])).toBe(2_000)
})

test('one event in a hundred is tolerated', () => {
  expect(after([100, 1], [200, 2])).toBe(0)
})

test('the target is met again after a second in which few enough were over it, and missed anew after that', () => {
  expect(after([100, 50], [100, 1])).toBe(0)
  expect(after([100, 50], [100, 1], [100, 50])).toBe(1_000)
})

test('a second in which nothing was done says nothing while events wait', () => {
  expect(after([100, 50], [0, 0, 10])).toBe(2_000)
  expect(after([100, 0], [0, 0, 10])).toBe(0)
})

test('when nothing is left to be done, the target is no longer missed', () => {
  expect(after([100, 50], [0, 0, 0])).toBe(0)
})

test('a look that comes late judges all since the last one', () => {
  const missed = lookAtTarget(watchFrom(0), { events: 100, overTarget: 2, pending: 0 }, 4_500)
  expect(overTargetForMs(missed, 4_700)).toBe(4_700)
})
