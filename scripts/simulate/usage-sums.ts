import { type Usage, zeroUsage } from '../../core/cost'

/** `before` plus what came between `from` and `to`, `times` times. */
export function usageRepeated(before: Usage, from: Usage, to: Usage, times: number): Usage {
  const keys = Object.keys(zeroUsage()) as (keyof Usage)[]
  return Object.fromEntries(keys.map((key) => [key, before[key] + (to[key] - from[key]) * times])) as unknown as Usage
}
