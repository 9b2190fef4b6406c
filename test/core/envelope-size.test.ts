import { describe, expect, test } from '@jest/globals'
import { burstEnvelopeEvents } from '../../core/envelope-size'

describe('an envelope that may burst has at most', () => {
  test.each([
    // edge, lane, events
    [1_000, 1_000, 200],
    [1_000, 750, 150],
    [2_000, 10_000, 400],
    [1_000, 0, 200], // nothing is known of the lanes
    [0, 750, 150],
    [100, 10, 128], // each costs a write
    [0, 0, Number.POSITIVE_INFINITY],
  ])('where the edge folds %i/s and a lane %i/s: %p events', (trueRate, laneRate, events) => {
    expect(burstEnvelopeEvents({ trueRate, laneRate }, 1_000)).toBe(events)
  })

  test('half as many where the target is half as long', () => {
    expect(burstEnvelopeEvents({ trueRate: 2_000, laneRate: 3_000 }, 500)).toBe(200)
  })
})
