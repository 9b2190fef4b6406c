import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  type BurstMode,
  type Decision,
  decide,
  type Facts,
  type PolicyLimits,
  prewarmDue,
  queueDelayMs,
} from '../../core/policy'

const LIMITS: PolicyLimits = {
  maxQueueDelayMs: 500,
  releaseShare: 0.8,
  prewarmShare: 0.2,
  maxBacklogBytes: 1_000,
  maxInFlightEnvelopes: 10,
  maxInFlightBytes: 5_000,
}

type Full = 'edge' | 'cloud' | 'cloud by bytes' | 'both' | 'none'
type Route = Decision['route']

/** Facts with this queue delay; `full` fills the edge, the cloud or both up to their limits. */
function facts(delayMs: number, full: Full = 'none'): Facts {
  return {
    trueRate: 1_000,
    backlogEvents: delayMs,
    backlogBytes: full === 'edge' || full === 'both' ? 1_000 : 999,
    inFlightEnvelopes: full === 'cloud' || full === 'both' ? 10 : 9,
    inFlightBytes: full === 'cloud by bytes' ? 5_000 : 4_999,
  }
}

const EDGE_FULL = 'the edge is full: 1000 of 1000 bytes wait'
const CLOUD_FULL = 'the cloud is full: 10 envelopes (4999 bytes) in flight'

describe('where an envelope goes, and why', () => {
  test.each<[BurstMode, boolean, number, Full, Route, string]>([
    ['auto', false, 0, 'none', 'edge', 'queue delay 0 ms, limit 500 ms'],
    ['auto', false, 500, 'none', 'edge', 'queue delay 500 ms, limit 500 ms'],
    ['auto', false, 501, 'none', 'burst', 'queue delay 501 ms, limit 500 ms'],
    ['auto', true, 400, 'none', 'edge', 'queue delay 400 ms, limit 400 ms'],
    ['auto', true, 401, 'none', 'burst', 'queue delay 401 ms, limit 400 ms'],
    ['auto', false, 100, 'edge', 'burst', EDGE_FULL],
    ['auto', false, 501, 'edge', 'burst', 'queue delay 501 ms, limit 500 ms'],
    ['auto', false, 500, 'cloud', 'edge', 'queue delay 500 ms, limit 500 ms'],
    ['auto', false, 501, 'cloud', 'edge', CLOUD_FULL],
    ['auto', true, 501, 'cloud by bytes', 'edge', 'the cloud is full: 9 envelopes (5000 bytes) in flight'],
    ['auto', false, 0, 'both', 'refuse', `${EDGE_FULL}; ${CLOUD_FULL}`],
    ['auto', true, 900, 'both', 'refuse', `${EDGE_FULL}; ${CLOUD_FULL}`],
    ['never', true, 9_000, 'none', 'edge', 'bursting is switched off'],
    ['never', false, 9_000, 'cloud', 'edge', 'bursting is switched off'],
    ['never', false, 0, 'edge', 'refuse', EDGE_FULL],
    ['always', false, 0, 'none', 'burst', 'bursting is switched on for everything'],
    ['always', false, 0, 'edge', 'burst', 'bursting is switched on for everything'],
    ['always', true, 0, 'cloud', 'edge', CLOUD_FULL],
    ['always', true, 0, 'both', 'refuse', EDGE_FULL],
  ])(
    'mode %s, bursting %p, a queue delay of %i ms, %s full: %s, since %s',
    (mode, bursting, delayMs, full, route, reason) => {
      expect(decide(mode, LIMITS, bursting, facts(delayMs, full))).toEqual({ route, queueDelayMs: delayMs, reason })
    },
  )

  test('while the queue delay is between the two limits, the route stays as it was', () => {
    const between = facts(450)
    expect(decide('auto', LIMITS, true, between).route).toBe('burst')
    expect(decide('auto', LIMITS, false, between).route).toBe('edge')
  })

  test('nothing is refused unless the edge is full, and in no mode but "never" unless the cloud is full too', () => {
    const some = fc.record({
      trueRate: fc.nat(5_000),
      backlogEvents: fc.nat(5_000),
      backlogBytes: fc.nat(2_000),
      inFlightEnvelopes: fc.nat(20),
      inFlightBytes: fc.nat(10_000),
    })
    const mode = fc.constantFrom<BurstMode>('auto', 'always', 'never')
    fc.assert(
      fc.property(mode, fc.boolean(), some, (mode, bursting, given) => {
        const edgeFull = given.backlogBytes >= 1_000
        const cloudFull = given.inFlightEnvelopes >= 10 || given.inFlightBytes >= 5_000
        const { route } = decide(mode, LIMITS, bursting, given)
        expect(route === 'refuse').toBe(edgeFull && (cloudFull || mode === 'never'))
        if (route === 'burst') expect(cloudFull).toBe(false)
      }),
    )
  })
})

describe('the queue delay', () => {
  test.each([
    [0, 0, 0],
    [0, 1_000, 0],
    [250, 1_000, 250],
    [3, 2, 1_500],
    [100, 0, 0], // nothing was ever folded: no ground for a delay
  ])('of %p events at %p a second is %p ms', (backlogEvents, trueRate, delayMs) => {
    expect(queueDelayMs({ ...facts(0), backlogEvents, trueRate })).toBe(delayMs)
  })
})

describe('functions are warmed up', () => {
  test.each<[BurstMode, number, boolean]>([
    ['auto', 100, false],
    ['auto', 101, true],
    ['always', 0, true],
    ['never', 9_000, false],
  ])('in mode %s at a queue delay of %p ms: %p', (mode, delayMs, due) => {
    expect(prewarmDue(mode, LIMITS, facts(delayMs))).toBe(due)
  })
})
