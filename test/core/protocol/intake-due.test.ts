import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Intake } from '../../../core/protocol/intake'
import { linesAt, newIntake, someSteps, take } from '../../support/history'

const LATE_CLOCK_MS = 1_000_000
const IDLE_MS = 1_000

/** Windows of 20 ms, one every 10 ms; a window closes 5 ms of disorder and 3 ms of lateness after its end. */
function intakeWith(...timestamps: number[]): Intake {
  const intake = newIntake()
  intake.admit({ key: null, lines: linesAt(...timestamps), rejected: [] })
  return intake
}

function closed(intake: Intake, horizonMs: number): Intake {
  while (intake.cut(1_000) !== null);
  intake.close(horizonMs)
  return intake
}

describe('a closing is due by the watermark', () => {
  test.each([
    [[1], null],
    [[1, 17], null], // the first window ends at 10: nothing closes before 10 + 5 + 3
    [[1, 18], 10],
    [[1, 21], 13],
    [[18, 1], 10],
    [[15, 27], null], // [0, 20) holds the 15
    [[15, 28], 20],
    [[1, 300], 292],
    [[300], null], // nothing lies in a window that would close
  ])('with events at %p: %p', (timestamps, horizonMs) => {
    expect(intakeWith(...timestamps).dueHorizonMs(LATE_CLOCK_MS)).toBe(horizonMs)
  })

  test('however late the clock is: a backlog of old events is not late', () => {
    expect(intakeWith(1, 18).dueHorizonMs(LATE_CLOCK_MS)).toBe(10)
  })

  test('no sooner than the clock says: one producer ahead of it must not make what others send late', () => {
    const intake = intakeWith(1, 300)
    expect(intake.dueHorizonMs(17)).toBeNull()
    expect(intake.dueHorizonMs(28)).toBe(20)
    expect(intake.dueHorizonMs(LATE_CLOCK_MS)).toBe(292)
  })

  test('once: what has closed is not due again', () => {
    const intake = closed(intakeWith(1, 18), 10)
    expect(intake.dueHorizonMs(LATE_CLOCK_MS)).toBeNull()
    intake.admit({ key: null, lines: linesAt(28), rejected: [] })
    expect(intake.dueHorizonMs(LATE_CLOCK_MS)).toBe(20)
  })
})

describe('a closing is due by idleness', () => {
  test('up to the last window with events and no further, when nothing came for the timeout', () => {
    const intake = intakeWith(1, 8)
    intake.tick(IDLE_MS)
    expect(intake.dueHorizonMs(LATE_CLOCK_MS)).toBe(20)
    expect(closed(intake, 20).dueHorizonMs(LATE_CLOCK_MS)).toBeNull()
  })

  test('but not after a pause that is shorter', () => {
    const intake = intakeWith(1)
    intake.tick(IDLE_MS / 2)
    intake.tick(IDLE_MS / 2 - 1)
    expect(intake.dueHorizonMs(LATE_CLOCK_MS)).toBeNull()
    intake.tick(1)
    expect(intake.dueHorizonMs(LATE_CLOCK_MS)).toBe(20)
  })

  test.each<[string, (intake: Intake) => void]>([
    ['a request', (intake) => void intake.admit({ key: null, lines: linesAt(2), rejected: [] })],
    ['a request without an event', (intake) => void intake.admit({ key: null, lines: [], rejected: [] })],
    ['somebody who was turned away', (intake) => intake.touch()],
  ])('and %s starts the wait anew', (_, happens) => {
    const intake = intakeWith(1)
    intake.tick(IDLE_MS - 1)
    happens(intake)
    intake.tick(IDLE_MS - 1)
    expect(intake.dueHorizonMs(LATE_CLOCK_MS)).toBeNull()
    intake.tick(1)
    expect(intake.dueHorizonMs(LATE_CLOCK_MS)).toBe(20)
  })

  test.each([
    [17, null], // by the clock less 5 + 3 ms the first window, which ends at 10, is not past
    [18, 10],
    [22, 14],
    [28, 20],
    [500, 20],
  ])('never past the clock: at %i it is %p', (clockMs, horizonMs) => {
    const intake = intakeWith(1)
    intake.tick(IDLE_MS)
    expect(intake.dueHorizonMs(clockMs)).toBe(horizonMs)
  })

  test('not without an event in an open window', () => {
    const intake = newIntake()
    intake.tick(IDLE_MS)
    expect(intake.dueHorizonMs(LATE_CLOCK_MS)).toBeNull()
  })

  test('nor later than the clock says, however far ahead the newest event is', () => {
    const intake = intakeWith(1, 300)
    intake.tick(IDLE_MS)
    expect(intake.dueHorizonMs(100)).toBe(92)
  })
})

test('a due horizon moves forward, closes a window with events, and is at most the clock or the newest event', () => {
  fc.assert(
    fc.property(someSteps(40), fc.nat(400), (steps, clockMs) => {
      const intake = newIntake()
      const ends = new Set<number>()
      for (const step of steps) {
        for (const { panes } of take(intake, step).cuts) {
          for (const pane of panes.keys()) for (const endMs of [pane + 10, pane + 20]) ends.add(endMs)
        }
        const dueMs = intake.dueHorizonMs(clockMs)
        if (dueMs === null || intake.open.events > 0) continue
        const before = intake.horizonMs
        expect(dueMs).toBeGreaterThan(before)
        expect([...ends].some((endMs) => endMs > before && endMs <= dueMs)).toBe(true)
        expect(dueMs).toBeLessThanOrEqual(Math.max(clockMs - 8, intake.watermarkMs(clockMs) - 3))
      }
    }),
  )
})
