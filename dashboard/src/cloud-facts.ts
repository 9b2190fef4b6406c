import type { Overview } from '../../edge-node/feed'
import { bytes, count, duration, exact, rate } from './format'

const UNKNOWN = 'not known'

/** Name and value of each fact of the way to the cloud. `meanMs` is what envelopes take now. */
export function cloudFacts(cloud: Overview['cloud'], meanMs: number | null): (readonly [string, string])[] {
  const { shards, parallelization, latencyMs, iteratorAgeMs, ceilingRate, divertUs, foldUs, laneRate } = cloud
  const lanes = shards * parallelization
  const { inFlightEnvelopes, inFlightEvents, inFlightBytes } = cloud
  return [
    ['In flight', `${exact(inFlightEnvelopes)} envelopes, ${count(inFlightEvents)} events, ${bytes(inFlightBytes)}`],
    ['Put → partial', latencyOf(latencyMs, meanMs)],
    ['Throttled puts', exact(cloud.throttled)],
    ['Iterator age', iteratorAgeMs === null ? UNKNOWN : duration(iteratorAgeMs)],
    ['Lanes', `${lanes} (${plural(shards, 'shard')} × ${parallelization})`],
    ['Wide enough?', cloud.capacity],
    ['A lane folds', laneRate > 0 ? `${rate(laneRate)}, all of them ${rate(laneRate * lanes)}` : UNKNOWN],
    ['The cloud takes', ceilingRate === null ? 'no limit met' : `about ${rate(ceilingRate)}`],
    ['Sending an event', divertUs > 0 ? `${micros(divertUs)} of this machine; folding it ${micros(foldUs)}` : UNKNOWN],
    ['Sent and run', `${exact(cloud.records)} records, ${exact(cloud.invocations)} invocations`],
  ]
}

function latencyOf(latencyMs: Overview['cloud']['latencyMs'], meanMs: number | null): string {
  const measured =
    latencyMs === null || latencyMs.max === 0 ? [] : [`p50 ${duration(latencyMs.p50)}, p99 ${duration(latencyMs.p99)}`]
  const now = meanMs === null ? [] : [`about ${duration(meanMs)} now`]
  return [...measured, ...now].join('; ') || UNKNOWN
}

const plural = (number: number, noun: string) => `${number} ${noun}${number === 1 ? '' : 's'}`
const micros = (us: number) => `${us.toLocaleString('en-US', { maximumSignificantDigits: 3 })} µs`
