import { idleUsdPerHour, onDemandStreamUsd, type Usage, usageUsd, zeroUsage } from '../../../core/control/cost'
import { lanesOf, NODE } from '../settings'
import type { World } from './world'

/** Dollars per hour of the trace. */
export interface Bill {
  readonly usdPerHour: number
  readonly usdPerHourParts: {
    /** The base machines, and those added to them. */
    readonly machines: number
    /** What bursting used. */
    readonly burst: number
    /** What the stream costs whether anything bursts or not. */
    readonly stream: number
  }
  /**
   * Over what static provisioning for the peak would cost: base machines for the highest rate of any bin, all the time.
   */
  readonly usdAgainstStatic: number
  /** The same of what bursting used alone. */
  readonly burstAgainstStatic: number
}

export function billOf(world: World, passed: Usage, machineHours: number): Bill {
  const { scenario, arrivals } = world
  const { base, given, demand } = scenario
  const hours = arrivals.endMs / 3_600_000
  const usdOfBase = (base / given.machineRate) * given.machineUsdPerHour
  const usage = sum(sum(world.overflow.used(), passed), world.stays ? zeroUsage() : keptWarm(world, hours))
  const parts = {
    machines: (machineHours / hours) * usdOfBase,
    burst: burstUsd(world, usage) / hours,
    stream: world.stays ? 0 : streamUsd(world, usage, hours) / hours,
  }
  const usdPerHour = parts.machines + parts.burst + parts.stream
  const usdOfPeak = Math.max(1, demand.peakRate / base) * usdOfBase
  return {
    usdPerHour,
    usdPerHourParts: parts,
    usdAgainstStatic: usdPerHour / usdOfPeak,
    burstAgainstStatic: parts.burst / usdOfPeak,
  }
}

const sum = (one: Usage, other: Usage): Usage => usageRepeated(one, zeroUsage(), other, 1)

/** Idle instances are called now and then; each call is billed for a millisecond. */
function keptWarm({ scenario }: World, hours: number): Usage {
  const calls = NODE.keepWarmEveryMs > 0 ? (hours * 3_600_000 * lanesOf(scenario.cloud)) / NODE.keepWarmEveryMs : 0
  return {
    ...zeroUsage(),
    lambdaInvocations: calls,
    lambdaGbSeconds: (calls / 1000) * (scenario.given.memoryMb / 1024),
  }
}

function burstUsd({ scenario }: World, usage: Usage): number {
  // What a stream on demand bills in another way is a part of `streamUsd`.
  const isOnDemand = scenario.cloud.stream === 'on-demand'
  return usageUsd(isOnDemand ? { ...usage, kinesisPutUnits: 0, kinesisPushedBytes: 0 } : usage)
}

function streamUsd({ scenario }: World, usage: Usage, hours: number): number {
  const { transport, consumer, stream, shards } = scenario.cloud
  if (transport === 'invoke') return 0
  return stream === 'on-demand' ? onDemandStreamUsd(usage, hours) : idleUsdPerHour(shards, consumer) * hours
}

/** `before` plus what came between `from` and `to`, `times` times. */
export function usageRepeated(before: Usage, from: Usage, to: Usage, times: number): Usage {
  const keys = Object.keys(zeroUsage()) as (keyof Usage)[]
  return Object.fromEntries(keys.map((key) => [key, before[key] + (to[key] - from[key]) * times])) as unknown as Usage
}
