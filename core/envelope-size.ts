import type { Facts } from './facts'

const WORK_MS = 200 // simulated on a spiky trace: with 100 ms bursting costs a tenth more, with 500 ms the p99 is a quarter higher
const MIN_EVENTS = 128 // some 16 KiB: each envelope costs a write and a record, however small it is

/**
 * How many events an envelope that may burst should have at most: a fifth of a second's work for the slower of the edge and one lane. It is done as
 * one, wherever it goes: its first events wait for its last, and the valve cannot let through a part of it. Infinity while no rate is known.
 */
export function burstEnvelopeEvents({ trueRate, laneRate }: Pick<Facts, 'trueRate' | 'laneRate'>): number {
  const known = [trueRate, laneRate].filter((rate) => rate > 0)
  return Math.max(MIN_EVENTS, Math.floor((Math.min(...known) * WORK_MS) / 1000))
}
