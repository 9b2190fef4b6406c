import type { Facts } from './facts'

/** Of the target. On a simulated spiky trace 0.1 makes bursting a tenth dearer, 0.5 the p99 a quarter higher. */
const WORK_SHARE = 0.2
const MIN_EVENTS = 128 // some 16 KiB: each envelope costs a write and a record, however small it is

/**
 * How many events an envelope that may burst should have at most: work for a fifth of the latency target, for the
 * slower of the edge and one lane. It is done as one, wherever it goes: its first events wait for its last, and the
 * valve cannot let through a part of it. Infinity while no rate is known.
 */
export function burstEnvelopeEvents(
  { trueRate, laneRate }: Pick<Facts, 'trueRate' | 'laneRate'>,
  latencyTargetMs: number,
): number {
  const known = [trueRate, laneRate].filter((rate) => rate > 0)
  return Math.max(MIN_EVENTS, Math.floor((Math.min(...known) * WORK_SHARE * latencyTargetMs) / 1000))
}
