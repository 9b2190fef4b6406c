import { HANGS_MS, type SimEvent } from './edge/sim-pipeline'
import { Random } from './random'
import type { Scenario } from './scenario'

/** A client's request: the same lines under the same key until the answer is definite. */
export interface Batch {
  readonly key: string
  readonly lines: readonly string[]
  /** When it is sent first, in virtual ms. */
  readonly dueMs: number
}

/** The wall clock at virtual time 0. */
export const EPOCH_MS = Date.UTC(2026, 0, 1)

const FAN = 300 // groups; two such events in an envelope need chunks

interface Randoms {
  readonly random: Random
  readonly deadly: Random
}

/** All requests of a world, by when they are due. */
export function batchesOf(seed: number, scenario: Scenario, requests: number): Batch[] {
  const random = new Random(seed, 'workload')
  const deadly = new Random(seed, 'deadly events')
  const batches: Batch[] = []
  let dueMs = 0
  const meanGapMs = scenario.durationMs / scenario.requests
  for (let number = 0; number < requests; number++) {
    if (random.chance(0.6)) dueMs += random.between(0, 3 * meanGapMs) // the others come together with the one before
    batches.push(batchOf({ random, deadly }, scenario, number, dueMs))
  }
  return batches
}

function batchOf(randoms: Randoms, scenario: Scenario, number: number, dueMs: number): Batch {
  const { random } = randoms
  const client = random.pick(['a', 'b', 'c'])
  // A client whose clock is wrong is wrong for a whole request.
  const offMs = random.chance(0.04) ? random.between(-5_000, 10_000) : 0
  const events = random.between(0, scenario.wide ? 4 : 7)
  const lines = Array.from({ length: events }, () => lineOf(randoms, scenario, EPOCH_MS + dueMs + offMs))
  return { key: `${client}-${number}`, lines, dueMs }
}

function lineOf(randoms: Randoms, scenario: Scenario, aroundMs: number): string {
  const { random } = randoms
  if (random.chance(0.02)) return random.pick(['{', '7', '{"v":1}', '{"t":"yesterday","v":1}'])
  const event = eventOf(randoms, scenario, aroundMs)
  return JSON.stringify(event)
}

/** Those that end their process are drawn apart, so that worlds without them stay what they were. */
function deadlyOf(random: Random, { deadlyShare }: Scenario): Pick<SimEvent, 'deadly' | 'flaky'> {
  if (!random.chance(deadlyShare)) return {}
  const delayMs = random.pick([0, 0, 5, 40])
  return delayMs === 0 ? { deadly: 0 } : { deadly: delayMs, flaky: random.between(1, 1e9) }
}

function eventOf({ random, deadly }: Randoms, scenario: Scenario, aroundMs: number): SimEvent {
  const timestampMs = aroundMs - behindMs(random, scenario)
  const isFan = scenario.wide && random.chance(0.9)
  return {
    ...(random.chance(0.97) ? { k: random.pick(['a', 'b', 'c', 'ü', '']) } : {}),
    t: random.chance(0.9) ? timestampMs : new Date(timestampMs).toISOString(),
    v: sampleOf(random),
    kind: random.pick(['x', 'y', 'z', 'skip', 'twice', true, 7]),
    ...(random.chance(isFan ? 1 : scenario.napShare) ? { nap: napOf(random) } : {}),
    ...(random.chance(scenario.flakyShare) ? { flaky: random.between(1, 1e9) } : {}),
    ...(isFan ? { fan: FAN } : {}),
    ...deadlyOf(deadly, scenario),
  }
}

const napOf = (random: Random) => (random.chance(0.01) ? HANGS_MS : random.between(1, 40))

/** Mostly in order; some behind the watermark, some behind the windows. */
function behindMs(random: Random, { outOfOrdernessMs, sizeMs, allowedLatenessMs }: Scenario): number {
  if (random.chance(0.7)) return random.between(-100, outOfOrdernessMs)
  return random.between(0, outOfOrdernessMs + allowedLatenessMs + 2 * sizeMs)
}

function sampleOf(random: Random): unknown {
  if (random.chance(0.03)) return random.pick<unknown>(['text', null, -2e6, 1e308])
  if (random.chance(0.2)) return random.pick([1e16, -1e16, 1, 0.1, 1e300, -0, 5e-324])
  return (random.fraction() - 0.5) * 2_000
}
