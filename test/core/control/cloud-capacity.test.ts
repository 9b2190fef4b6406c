import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Capacity, CapacityLoad, CapacityStep, CapacityTerms } from '../../../core/control/capacity'
import { diagnose } from '../../../core/control/capacity-diagnosis'
import {
  type CapacityState,
  capacityState,
  FORGOTTEN,
  refused,
  scaleCapacity,
} from '../../../core/control/cloud-capacity'
import { DEPLOYED } from '../../support/sample-facts'

const START_MS = 1_700_000_000_000
const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

const terms: CapacityTerms = { isAllowed: true, maxShards: 8, maxParallelization: 10 }
const calm: CapacityLoad = {
  bursting: false,
  excessRate: 0,
  laneRate: 500,
  inFlightEvents: 0,
  oldestInFlightMs: 0,
  sentRate: 0,
  sentBytesPerSecond: 0,
  putThrottles: 0,
  functionThrottles: 0,
}
/** Fits eight lanes of 500 events/s: 1.5 x 2,000 is below 4,000. */
const spike: CapacityLoad = {
  ...calm,
  bursting: true,
  excessRate: 2_000,
  inFlightEvents: 1_000,
  oldestInFlightMs: 800,
  sentRate: 2_000,
  sentBytesPerSecond: 100_000,
}

describe('what limits the cloud half', () => {
  const table: readonly [string, Partial<CapacityLoad>, Partial<Capacity>, string, CapacityStep | undefined][] = [
    ['enough lanes', {}, {}, '8 lanes for 2,000 events/s above what the edge folds', undefined],
    [
      'nothing where nothing bursts',
      { bursting: false, excessRate: 1e6, putThrottles: 9 },
      {},
      'nothing bursts',
      undefined,
    ],
    [
      'lanes',
      { excessRate: 3_000 },
      {},
      '8 lanes fold about 4,000 events/s, 4,500 are needed: raise the parallelization factor to 5',
      { kind: 'parallelization', to: 5 },
    ],
    [
      'lanes, more than one shard can have',
      { excessRate: 20_000 },
      { parallelization: 10 },
      '20 lanes fold about 10,000 events/s, 30,000 are needed: raise the stream to 4 shards',
      { kind: 'shards', to: 4 },
    ],
    [
      'lanes of an on-demand stream',
      { excessRate: 20_000 },
      { parallelization: 10, stream: 'onDemand' },
      "20 lanes fold about 10,000 events/s, 30,000 are needed: raise the stream's warm throughput to 6 MiB/s",
      { kind: 'warmThroughput', to: 6 },
    ],
    [
      'lanes, and nothing more is allowed',
      { excessRate: 200_000, sentBytesPerSecond: 20_000 },
      { parallelization: 10, shards: 8 },
      '80 lanes fold about 40,000 events/s, 300,000 are needed: 8 shards with a parallelization factor of 10 are all that is allowed',
      undefined,
    ],
    [
      'lanes, by the queue in the cloud',
      { inFlightEvents: 40_000, oldestInFlightMs: 6_000 },
      {},
      '8 lanes fold about 4,000 events/s, 9,000 are needed: raise the parallelization factor to 9',
      { kind: 'parallelization', to: 9 },
    ],
    [
      'lanes, by the age that the iterator shows',
      { inFlightEvents: 40_000, iteratorAgeMs: 6_000 },
      {},
      '8 lanes fold about 4,000 events/s, 9,000 are needed: raise the parallelization factor to 9',
      { kind: 'parallelization', to: 9 },
    ],
    [
      'not one old envelope',
      { oldestInFlightMs: 20_000 },
      {},
      '8 lanes for 2,000 events/s above what the edge folds',
      undefined,
    ],
    [
      'lanes, where none has finished anything',
      { laneRate: 0, oldestInFlightMs: 7_000 },
      {},
      '8 lanes have finished nothing for 7 s: raise the parallelization factor to 8',
      { kind: 'parallelization', to: 8 },
    ],
    [
      'shards, by what is sent',
      { sentBytesPerSecond: 1_900_000 },
      {},
      '2 shards take 2 MiB/s, 1.8 MiB/s are wanted: raise the stream to 4 shards',
      { kind: 'shards', to: 4 },
    ],
    [
      'shards, by what would be sent if all that has to burst were',
      { excessRate: 40_000, laneRate: 50_000 },
      {},
      '2 shards take 2 MiB/s, 1.9 MiB/s are wanted: raise the stream to 4 shards',
      { kind: 'shards', to: 4 },
    ],
    [
      'shards, by what they throttle, before lanes',
      { putThrottles: 12, excessRate: 3_000 },
      {},
      '2 shards take 2 MiB/s, 0.1 MiB/s are wanted, 12 puts a second are throttled: raise the stream to 4 shards',
      { kind: 'shards', to: 4 },
    ],
    [
      'lanes, where there may be no more shards: what the shards take needs them',
      { putThrottles: 12, excessRate: 10_000 },
      { shards: 8, parallelization: 1 },
      '8 lanes fold about 4,000 events/s, 15,000 are needed: raise the parallelization factor to 4',
      { kind: 'parallelization', to: 4 },
    ],
    [
      'shards, where neither may be raised',
      { putThrottles: 12, excessRate: 100_000 },
      { shards: 8, parallelization: 10 },
      '8 shards take 8 MiB/s, 4.8 MiB/s are wanted, 12 puts a second are throttled: 8 shards with a parallelization factor of 10 are all that is allowed',
      undefined,
    ],
    [
      'functions before everything else',
      { functionThrottles: 3, putThrottles: 12, excessRate: 1e6 },
      {},
      "the account's limit of concurrent functions throttles 3 calls a second: have it raised, more lanes do not help",
      undefined,
    ],
  ]

  test.each(table)('%s', (_, load, capacity, reason, remedy) => {
    const diagnosis = diagnose({ ...spike, ...load }, { ...DEPLOYED, ...capacity }, terms)
    expect([diagnosis.reason, diagnosis.remedy]).toEqual([reason, remedy])
  })
})

/** An AWS that takes every step at once, asked every `everyMs`. */
class World {
  capacity: Capacity
  state: CapacityState
  nowMs = START_MS
  reason = ''
  readonly steps: (CapacityStep & { readonly atS: number })[] = []

  constructor(
    readonly terms: CapacityTerms,
    capacity: Partial<Capacity> = {},
    memory = FORGOTTEN,
  ) {
    this.capacity = { ...DEPLOYED, ...capacity }
    this.state = capacityState(memory, START_MS)
  }

  run(load: CapacityLoad, durationMs: number, everyMs = 1_000): void {
    for (const endMs = this.nowMs + durationMs; this.nowMs < endMs; this.nowMs += everyMs) this.ask(load)
  }

  private ask(load: CapacityLoad): void {
    const [state, { step, reason }] = scaleCapacity(this.state, load, this.capacity, this.terms, this.nowMs)
    this.state = state
    this.reason = reason
    if (step === undefined) return
    this.steps.push({ ...step, atS: (this.nowMs - START_MS) / 1000 })
    const field = { parallelization: 'parallelization', shards: 'shards', warmThroughput: 'warmMiBps' }[step.kind]
    this.capacity = { ...this.capacity, [field]: step.to }
  }
}

const steps = ({ steps: taken }: World) => taken.map(({ kind, to }) => `${kind} ${to}`)
const lanes = { ...spike, excessRate: 3_000 }
const more = { ...spike, excessRate: 20_000 }

describe('raising', () => {
  test('the lanes of a shard come first, then shards, doubled until they suffice', () => {
    const world = new World(terms)
    world.run(more, MINUTE_MS)
    expect(steps(world)).toEqual(['parallelization 10', 'shards 4', 'shards 8'])
  })

  test('each step has ten seconds to show', () => {
    const world = new World(terms)
    world.run(more, MINUTE_MS)
    const times = world.steps.map(({ atS }) => atS)
    for (const [index, atS] of times.slice(1).entries()) expect(atS - times[index]!).toBeGreaterThanOrEqual(10)
  })

  test('shards are not raised for a moment of throttling', () => {
    const world = new World(terms)
    world.run(spike, 20_000)
    world.run({ ...spike, putThrottles: 5 }, 2_000)
    world.run(spike, 20_000)
    expect(steps(world)).toEqual([])
    world.run({ ...spike, putThrottles: 5 }, 5_000)
    expect(steps(world)).toEqual(['shards 4'])
  })

  test('without leave it is said and not done', () => {
    const world = new World({ ...terms, isAllowed: false })
    world.run(lanes, MINUTE_MS)
    expect(steps(world)).toEqual([])
    expect(world.reason).toBe(
      '8 lanes fold about 4,000 events/s, 4,500 are needed: raise the parallelization factor to 5 (scaleCloud is off)',
    )
  })

  test('nothing is asked for while AWS is at work, nor for a while after it has refused', () => {
    const busy = new World(terms, { isUpdating: true })
    busy.run(lanes, MINUTE_MS)
    expect(steps(busy)).toEqual([])
    const refusing = new World(terms)
    refusing.state = refused(refusing.state, 'parallelization', 5 * MINUTE_MS, START_MS)
    refusing.run(lanes, 5 * MINUTE_MS)
    expect(steps(refusing)).toEqual([])
    refusing.run(lanes, MINUTE_MS)
    expect(steps(refusing)).toEqual(['parallelization 5'])
  })
})

describe('taking back', () => {
  test('begins five minutes after the last burst, halves the shards, and ends with what was deployed', () => {
    const world = new World(terms)
    world.run(more, MINUTE_MS)
    world.run(calm, 5 * MINUTE_MS - 1_000)
    expect(world.capacity).toMatchObject({ shards: 8, parallelization: 10 })
    expect(world.reason).toBe('nothing bursts (what was raised is taken back after 5 minutes of that)')
    world.run(calm, 5 * MINUTE_MS)
    expect(steps(world).slice(3)).toEqual(['shards 4', 'shards 2', 'parallelization 4'])
    expect(world.capacity).toEqual(DEPLOYED)
    expect([world.state.raised, world.reason]).toEqual([{}, 'nothing bursts'])
  })

  test('waits for a spike that comes again', () => {
    const world = new World(terms)
    world.run(lanes, MINUTE_MS)
    for (let spikes = 0; spikes < 5; spikes += 1) {
      world.run(calm, 4 * MINUTE_MS)
      world.run(lanes, 5_000)
    }
    expect(steps(world)).toEqual(['parallelization 5'])
  })

  test('is done after a restart, also where raising is not allowed any more', () => {
    const before = new World(terms)
    before.run(more, MINUTE_MS)
    const { raised, shardUpdatesMs } = before.state
    const after = new World({ ...terms, isAllowed: false }, before.capacity, { raised, shardUpdatesMs })
    after.run(calm, 10 * MINUTE_MS)
    expect(after.capacity).toEqual(DEPLOYED)
  })

  test('leaves alone what somebody else has set', () => {
    const world = new World(terms)
    world.run(lanes, 2 * MINUTE_MS)
    world.capacity = { ...world.capacity, shards: 6, parallelization: 9 }
    world.run(calm, 20 * MINUTE_MS)
    expect(world.capacity).toMatchObject({ shards: 6, parallelization: 9 })
  })

  test('an on-demand stream is released in one step', () => {
    const world = new World(terms, { stream: 'onDemand', parallelization: 10, shards: 4 })
    world.run({ ...more, excessRate: 30_000 }, MINUTE_MS)
    world.run(calm, 10 * MINUTE_MS)
    expect(steps(world)).toEqual(['warmThroughput 8', 'warmThroughput 0'])
  })
})

describe('laws', () => {
  const anyLoad: fc.Arbitrary<CapacityLoad> = fc.record({
    bursting: fc.boolean(),
    excessRate: fc.integer({ min: 0, max: 100_000 }),
    laneRate: fc.constantFrom(0, 100, 1_000),
    inFlightEvents: fc.integer({ min: 0, max: 100_000 }),
    oldestInFlightMs: fc.integer({ min: 0, max: 30_000 }),
    sentRate: fc.integer({ min: 0, max: 50_000 }),
    sentBytesPerSecond: fc.integer({ min: 0, max: 8_000_000 }),
    putThrottles: fc.constantFrom(0, 0, 3),
    functionThrottles: fc.constantFrom(0, 0, 0, 2),
  })
  const anyDeployed = fc.record({
    stream: fc.constantFrom('provisioned' as const, 'onDemand' as const),
    shards: fc.integer({ min: 1, max: 6 }),
    parallelization: fc.integer({ min: 1, max: 10 }),
  })
  const anyTerms = fc.record({
    isAllowed: fc.constant(true),
    maxShards: fc.integer({ min: 1, max: 40 }),
    maxParallelization: fc.integer({ min: 1, max: 10 }),
  })
  const anyPhases = fc.array(fc.record({ load: anyLoad, minutes: fc.integer({ min: 1, max: 30 }) }), { maxLength: 30 })

  test('never beyond the limits, never below what was deployed, never more at once or in a day than AWS takes', () => {
    fc.assert(
      fc.property(anyDeployed, anyTerms, anyPhases, (deployed, limits, phases) => {
        const world = new World(limits, deployed)
        for (const { load, minutes } of phases) {
          const before = world.capacity
          const taken = world.steps.length
          world.run(load, minutes * MINUTE_MS, 5_000)
          let shards = before.shards
          for (const { to } of world.steps.slice(taken).filter(({ kind }) => kind === 'shards')) {
            expect(to).toBeLessThanOrEqual(2 * shards)
            expect(to).toBeGreaterThanOrEqual(shards / 2)
            shards = to
          }
          const { capacity } = world
          expect(capacity.shards).toBeGreaterThanOrEqual(deployed.shards)
          expect(capacity.shards).toBeLessThanOrEqual(Math.max(limits.maxShards, deployed.shards))
          expect(capacity.parallelization).toBeGreaterThanOrEqual(deployed.parallelization)
          const highest = Math.max(limits.maxParallelization, deployed.parallelization)
          expect(capacity.parallelization).toBeLessThanOrEqual(highest)
          expect(capacity.warmMiBps).toBeLessThanOrEqual(limits.maxShards)
        }
        const calls = world.steps.filter(({ kind }) => kind === 'shards').map(({ atS }) => atS * 1000)
        for (const atMs of calls)
          expect(calls.filter((other) => other >= atMs && other < atMs + DAY_MS).length).toBeLessThanOrEqual(10)
      }),
      { numRuns: 60 },
    )
  })

  test('whatever was, once nothing bursts all of it is taken back', () => {
    fc.assert(
      fc.property(anyDeployed, anyTerms, anyPhases, (deployed, limits, phases) => {
        const world = new World(limits, deployed)
        for (const { load, minutes } of phases) world.run(load, minutes * MINUTE_MS, 5_000)
        world.run(calm, 10 * MINUTE_MS, 5_000)
        expect(world.capacity).toEqual({ ...DEPLOYED, ...deployed })
        expect(world.state.raised).toEqual({})
      }),
      { numRuns: 60 },
    )
  })

  test('under a constant load the capacity goes one way and stops', () => {
    fc.assert(
      fc.property(anyDeployed, anyTerms, anyLoad, (deployed, limits, load) => {
        const world = new World(limits, deployed)
        world.run(load, 10 * MINUTE_MS, 5_000)
        const taken = world.steps.length
        for (const kind of ['parallelization', 'shards', 'warmThroughput']) {
          const values = world.steps.filter((step) => step.kind === kind).map(({ to }) => to)
          expect(values).toEqual([...new Set(values)].sort((one, other) => one - other))
        }
        world.run(load, 20 * MINUTE_MS, 5_000)
        expect(world.steps.length).toBe(taken)
      }),
      { numRuns: 100 },
    )
  })
})
