import fc from 'fast-check'
import type { Facts } from '../../../core/control/control'
import { facts } from '../../support/sample-facts'

/** A sidecar with nothing to do, of an edge that folds 2,000 events/s. */
export const IDLE: Facts = facts({ trueRate: 2_000, lanes: 16, laneRate: 500, divertUs: 2, foldUs: 500 })

/** Facts of the size that sidecars have; dollars are whole cents. */
export const anyFacts: fc.Arbitrary<Facts> = fc
  .record({
    trueRate: fc.nat(10_000),
    arrivalRate: fc.nat(50_000),
    backlogEvents: fc.nat(100_000),
    inFlightEvents: fc.nat(10_000),
    cents: fc.nat(2_000),
  })
  .map(({ cents, ...given }) => ({ ...IDLE, ...given, spentUsd: cents / 100 }))
