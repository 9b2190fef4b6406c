import { describe, expect, test } from '@jest/globals'
import { POLICY_NAMES } from '../../../core/control/policies'
import { simulate } from '../../../scripts/simulate/simulate'
import { scenarioFor } from './fixture'

const SPIKE = [500, 500, 4_000, 4_000, 300, 0, 500, 1_200, 500]

describe('every event is counted exactly once', () => {
  test.each(POLICY_NAMES)('under %s', (policy) => {
    const { accepted, edge, burst } = simulate(scenarioFor(5, SPIKE), policy)
    expect(accepted).toBe(57_500)
    expect(edge + burst).toBe(accepted)
  })

  test('also where the cloud has too few lanes, so that envelopes come back', () => {
    const scenario = scenarioFor(
      30,
      [500, 6_000, 6_000, 500],
      '--shards',
      '1',
      '--parallelization',
      '1',
      '--lane-rate',
      '200',
    )
    const { accepted, edge, burst } = simulate(scenario, 'spillway')
    expect(edge + burst).toBe(accepted)
  })

  test('and where the stream throttles', () => {
    const { accepted, edge, burst, throttled } = simulate(
      scenarioFor(5, [500, 20_000, 500], '--sealed-event-bytes', '500', '--shards', '1'),
      'spillway',
    )
    expect(throttled).toBeGreaterThan(0)
    expect(edge + burst).toBe(accepted)
  })
})

describe('closed forms', () => {
  test('under twice the capacity without another way, the delay grows by a second each second', () => {
    const { processingDelayMs, overTarget } = simulate(scenarioFor(60, [2_000]), 'none')
    expect(processingDelayMs.max).toBeGreaterThan(59_900)
    expect(processingDelayMs.max).toBeLessThan(60_100)
    expect(Math.abs(processingDelayMs.p50 - 30_000)).toBeLessThan(200)
    expect(Math.abs(overTarget - 59 / 60)).toBeLessThan(0.001)
  })

  test('below the capacity nothing waits longer than ingest, linger and fold', () => {
    const { processingDelayMs } = simulate(scenarioFor(60, [800]), 'none')
    expect(processingDelayMs.p50).toBeGreaterThan(10)
    expect(processingDelayMs.max).toBeLessThan(10 + 10 + 10 + 2)
  })

  test('machines for the peak keep every delay that small', () => {
    const { processingDelayMs, usdAgainstStatic, machineHours } = simulate(scenarioFor(5, SPIKE), 'static')
    expect(processingDelayMs.max).toBeLessThan(100)
    expect(usdAgainstStatic).toBeCloseTo(1, 6)
    expect(machineHours).toBeCloseTo((4 * 45) / 3600, 6)
  })
})

describe('the oracle', () => {
  const CLIMB = [500, 1_100, 1_400, 3_000, 900, 2_000, 300]
  const ROOM = ['--shards', '20', '--parallelization', '10']
  test.each([
    ['pushed by Kinesis', [...ROOM], 5, 1.1],
    ['by invoke', ['--transport', 'invoke'], 5, 1.1],
    ['for a target of 400 ms', ['--transport', 'invoke', '--latency-target-ms', '400'], 5, 1.1],
    ['within spikes of a second, of which an envelope is a tenth', [...ROOM], 1, 1.15],
  ])('keeps the target, and bursts little more than the least: %s', (_, args, binSeconds, times) => {
    const { overTarget, burst, leastOverflow } = simulate(scenarioFor(binSeconds, CLIMB, ...args), 'oracle')
    expect(overTarget).toBeLessThan(0.001)
    expect(burst).toBeGreaterThanOrEqual(leastOverflow)
    expect(burst).toBeLessThan(leastOverflow * times)
  })

  test("what it bursts has lingered at the edge and is on its way as long as anybody's", () => {
    const idleStream = scenarioFor(
      1,
      [500, 3_000, 300, 300, 300],
      '--consumer',
      'standard',
      '--latency-target-ms',
      '600',
    )
    expect(simulate(idleStream, 'oracle').overTarget).toBeGreaterThan(0)
  })
})

const SHORT = [500, 2_000, 2_000, 2_000, 0, 0, 0]

test('precision is a share: who bursts less than the least misses the target, and is not more precise for it', () => {
  const { precision, burst, leastOverflow, overTarget } = simulate(scenarioFor(1, SHORT), 'sponge')
  expect(burst).toBeLessThan(leastOverflow)
  expect(overTarget).toBeGreaterThan(0.1)
  expect(precision).toBe(1)
})

describe('bursting', () => {
  test('a spike of four times the capacity bursts about what exceeds it, and no delay comes near that of back-pressure', () => {
    const spike = scenarioFor(20, [500, 4_000, 500])
    const ours = simulate(spike, 'spillway')
    const none = simulate(spike, 'none')
    expect(ours.precision).toBeGreaterThan(0.9)
    expect(ours.processingDelayMs.p99).toBeLessThan(none.processingDelayMs.p99 * 0.05)
    expect(ours.answered).toBe(1)
    expect(ours.reactionMs).toBeLessThan(600)
  })

  test('calling functions is faster than the stream, which is polled once a second', () => {
    const byStream = simulate(scenarioFor(20, [500, 4_000, 500]), 'spillway')
    const byInvoke = simulate(scenarioFor(20, [500, 4_000, 500], '--transport', 'invoke'), 'spillway')
    expect(byInvoke.processingDelayMs.p99).toBeLessThan(byStream.processingDelayMs.p99)
    expect(byInvoke.usdPerHourParts.stream).toBe(0)
  })

  test('the same scenario gives the same figures', () => {
    const run = () => simulate(scenarioFor(5, SPIKE), 'sponge')
    expect(run()).toEqual(run())
  })
})
