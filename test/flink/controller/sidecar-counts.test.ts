import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { zeroUsage } from '../../../core/control/cost'
import { counted, NO_PLACE_COUNTS, type PlaceCounts, sumOfPlaces } from '../../../flink/controller/sidecar-counts'
import type { SidecarFacts } from '../../../flink/sidecar/controller-messages'
import { facts } from '../../support/sample-facts'

/** What a sidecar says that has folded so many events. */
function said(incarnation: string, edge: number): SidecarFacts {
  return {
    ...facts(),
    ...{ incarnation, version: 'v', transport: 'invoke', mode: 'auto', canBurst: true, bursting: false, reason: '' },
    ...{ isSending: false, decision: { route: 'edge', queueDelayMs: 0, reason: '' }, accepted: edge, usd: 0 },
    events: { edge, burst: 0, deadLettered: 0 },
    cloud: {
      ...{ state: 'usable', sentEnvelopes: edge, reclaims: 0, failedSends: 0, throttled: 0, divertMs: 0 },
      oldestInFlightMs: 0,
    },
    usage: { ...zeroUsage(), readUnits: edge },
    streamLanes: { shards: 1, parallelization: 1, consumer: 'standard' },
    putToPartial: { bounds: [1, 2], upTo: [edge, edge], count: edge, sum: edge },
    limits: { lanes: 1, maxUsdPerHour: 1 },
    ordersAgoMs: null,
  }
}

describe('what the sidecars of a job have done', () => {
  test('is the sum over all processes that ever were at their places, and never less than before', () => {
    const steps = fc.array(fc.record({ place: fc.nat(2), more: fc.nat(1_000), isNew: fc.boolean() }), { maxLength: 50 })
    fc.assert(
      fc.property(steps, (all) => {
        const places: PlaceCounts[] = [NO_PLACE_COUNTS, NO_PLACE_COUNTS, NO_PLACE_COUNTS]
        const own = [0, 0, 0]
        const starts = [0, 0, 0]
        let whole = 0
        for (const { place, more, isNew } of all) {
          if (isNew) {
            starts[place]! += 1
            own[place] = 0
          }
          own[place]! += more
          whole += more
          places[place] = counted(places[place]!, said(`${place}.${starts[place]}`, own[place]!))
          const { edge, usage, sentEnvelopes, putToPartial } = sumOfPlaces(places)
          expect([edge, usage.readUnits, sentEnvelopes, putToPartial.count]).toEqual([whole, whole, whole, whole])
        }
      }),
    )
  })
})
