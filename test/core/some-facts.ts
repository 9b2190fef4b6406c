import fc from 'fast-check'
import type { Facts } from '../../core/facts'

/** Facts of an edge with nothing to do. */
export const IDLE: Facts = {
  trueRate: 2_000,
  arrivalRate: 0,
  steadyRate: 0,
  utilization: 0,
  backlogEvents: 0,
  backlogBytes: 0,
  inFlightEnvelopes: 0,
  inFlightEvents: 0,
  inFlightBytes: 0,
  lanes: 16,
  laneRate: 500,
  divertUs: 2,
  foldUs: 500,
  sentRate: 0,
  ceilingRate: Number.POSITIVE_INFINITY,
  spentUsd: 0,
}

/** Any facts; dollars are whole cents. */
export const anyFacts: fc.Arbitrary<Facts> = fc
  .record({
    trueRate: fc.nat(10_000),
    arrivalRate: fc.nat(50_000),
    backlogEvents: fc.nat(100_000),
    inFlightEvents: fc.nat(10_000),
    cents: fc.nat(2_000),
  })
  .map(({ cents, ...given }) => ({ ...IDLE, ...given, spentUsd: cents / 100 }))
