import fc from 'fast-check'
import type { Capacity } from '../../core/control/capacity'
import type { Facts } from '../../core/control/control'
import type { PolicyTerms } from '../../core/control/policy'

/** What a deployment begins with. */
export const DEPLOYED: Capacity = {
  stream: 'provisioned',
  shards: 2,
  parallelization: 4,
  consumer: 'fan-out',
  warmMiBps: 0,
  isUpdating: false,
}

/** The terms of each transport at a target of one second. */
export const TERMS: Record<'kinesis' | 'invoke', PolicyTerms> = {
  kinesis: { latencyTargetMs: 1_000, maxQueueDelayMs: 800, leadMs: 1_000, dwellMs: 10_000 },
  invoke: { latencyTargetMs: 1_000, maxQueueDelayMs: 420, leadMs: 300, dwellMs: 10_000 },
}

/**
 * An idle edge that folds 1,000 events/s, and an empty cloud that takes everything for a tenth of what folding costs.
 */
export const IDLE: Facts = {
  trueRate: 1_000,
  arrivalRate: 0,
  steadyRate: 0,
  utilization: 0,
  backlogEvents: 0,
  backlogBytes: 0,
  inFlightEnvelopes: 0,
  inFlightEvents: 0,
  inFlightBytes: 0,
  lanes: 0,
  laneRate: 0,
  divertUs: 100,
  foldUs: 1_000,
  sentRate: 0,
  ceilingRate: Number.POSITIVE_INFINITY,
  spentUsd: 0,
}

/** The idle edge, but for these facts. */
export const facts = (some: Partial<Facts> = {}): Facts => ({ ...IDLE, ...some })

const amount = fc.oneof(
  fc.constant(0),
  fc.double({ min: 0, max: 1e9, noNaN: true }),
  fc.double({ min: 0, max: 1e-6, noNaN: true }),
)

/** Any facts at all: each amount may be nothing, tiny or huge, whatever the others are. */
export const anyFacts: fc.Arbitrary<Facts> = fc.record({
  trueRate: amount,
  arrivalRate: amount,
  steadyRate: amount,
  foldUs: amount,
  utilization: fc.double({ min: 0, max: 1, noNaN: true }),
  backlogEvents: amount,
  backlogBytes: amount,
  inFlightEnvelopes: amount,
  inFlightEvents: amount,
  inFlightBytes: amount,
  lanes: amount,
  laneRate: amount,
  divertUs: amount,
  sentRate: amount,
  ceilingRate: fc.oneof(amount, fc.constant(Number.POSITIVE_INFINITY)),
  spentUsd: amount,
  cloudAway: fc.constantFrom(undefined, 'the cloud is away'),
})

/** A sidecar with nothing to do, of an edge that folds 2,000 events/s. */
export const IDLE_SIDECAR: Facts = facts({ trueRate: 2_000, lanes: 16, laneRate: 500, divertUs: 2, foldUs: 500 })

/** Facts of the size that sidecars have; dollars are whole cents. */
export const anySidecarFacts: fc.Arbitrary<Facts> = fc
  .record({
    trueRate: fc.nat(10_000),
    arrivalRate: fc.nat(50_000),
    backlogEvents: fc.nat(100_000),
    inFlightEvents: fc.nat(10_000),
    cents: fc.nat(2_000),
  })
  .map(({ cents, ...given }) => ({ ...IDLE_SIDECAR, ...given, spentUsd: cents / 100 }))
