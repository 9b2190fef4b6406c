import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type LaneKey, LaneKeys } from '../../../core/control/lane-keys'
import { draws } from '../../../scripts/load/events/random'

const SHARDS = 2
const PARALLELIZATION = 4
const FOLD_MS = 100
const WAY_MS = 150 // push, call, look for the head

function keysOf(shards = SHARDS, parallelization = PARALLELIZATION): LaneKeys {
  const keys = new LaneKeys()
  keys.resize(shards, parallelization)
  return keys
}

/** The middle of the hashes of a shard, by the plainest arithmetic. */
const shardOf = ({ explicitHashKey }: LaneKey, shards: number): number =>
  Number((BigInt(explicitHashKey) * BigInt(shards)) / 2n ** 128n)

/**
 * Sends an envelope every 20 ms to a mapping that has its keys on lanes by `laneOf`, and returns how long they took but
 * for the first, sorted.
 */
function tookMs(
  laneOf: (key: LaneKey) => number,
  choose: (keys: LaneKeys, n: number, nowMs: number) => LaneKey,
): number[] {
  const keys = keysOf()
  const freeAtMs = new Map<number, number>()
  const seen: { readonly number: number; readonly atMs: number }[] = []
  const took: number[] = []
  for (let number = 0; number < 250; number++) {
    const nowMs = number * 20 // five of the eight lanes are at work on average
    for (const { number: finished, atMs } of seen.splice(0)) {
      if (atMs <= nowMs) keys.finished(finished, atMs)
      else seen.push({ number: finished, atMs })
    }
    const lane = laneOf(choose(keys, number, nowMs))
    const beginsMs = Math.max(nowMs + WAY_MS, freeAtMs.get(lane) ?? 0)
    freeAtMs.set(lane, beginsMs + FOLD_MS + 10)
    seen.push({ number, atMs: beginsMs + FOLD_MS + 10 })
    took.push(beginsMs + FOLD_MS + 10 - nowMs)
  }
  return took.slice(50).sort((a, b) => a - b)
}

const p99 = (sorted: readonly number[]): number => sorted[Math.floor(sorted.length * 0.99)]!

describe('the keys of lanes', () => {
  test('lie in the middle of the hashes of their shard, as many in each', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 10 }), (shards, parallelization) => {
        const keys = keysOf(shards, parallelization)
        const counts = new Array<number>(shards).fill(0)
        for (let number = 0; number < shards * 3; number++) {
          const key = keys.choose(number, FOLD_MS, 0)
          expect(shardOf(key, shards)).toBe(key.shard)
          counts[key.shard]! += 1
        }
        expect(counts).toEqual(new Array(shards).fill(3))
      }),
    )
  })

  test('are chosen by the least work before them: what is long keeps others away, until it is finished', () => {
    const keys = keysOf(2, 1)
    const long = keys.choose(0, 1_000, 0)
    const others = [1, 2, 3].map((number) => keys.choose(number, FOLD_MS, 0))
    expect(others.some(({ shard }) => shard === long.shard)).toBe(false)
    keys.finished(0, 1_010)
    expect(keys.choose(4, FOLD_MS, 1_010).shard).toBe(long.shard)
  })

  test('that share a lane come to be used less: of twenty mappings, p99 is a fifth below that of keys in turn', () => {
    let [inTurnMs, chosenMs] = [0, 0]
    for (let mapping = 0; mapping < 20; mapping++) {
      const draw = draws(mapping, 'lanes')
      const laneOf = ({ partitionKey, shard }: LaneKey) =>
        shard * PARALLELIZATION + Math.floor(draw(Number(partitionKey.slice('lane-'.length))) * PARALLELIZATION)
      inTurnMs += p99(tookMs(laneOf, (_, number) => keyInTurn(number)))
      chosenMs += p99(tookMs(laneOf, (keys, number, nowMs) => keys.choose(number, FOLD_MS, nowMs)))
    }
    expect(chosenMs).toBeLessThan(0.8 * inTurnMs)
  })

  test('of envelopes that were taken back are free again', () => {
    const keys = keysOf(2, 1)
    const { shard } = keys.choose(0, 60_000, 0)
    keys.takenBack(0)
    expect([1, 2].map((number) => keys.choose(number, FOLD_MS, 0).shard)).toContain(shard)
  })

  test('are others when the stream has other shards, and what was sent before is left alone', () => {
    const keys = keysOf(1, 1)
    keys.choose(0, FOLD_MS, 0)
    keys.resize(3, 2)
    keys.finished(0, 200)
    const shards = new Set([1, 2, 3].map((number) => keys.choose(number, FOLD_MS, 200).shard))
    expect(shards).toEqual(new Set([0, 1, 2]))
  })
})

const keyInTurn = (number: number): LaneKey => ({
  ...{ partitionKey: `lane-${number % 32}`, explicitHashKey: '0' },
  shard: number % SHARDS,
})
