import type { Pace } from './panels/headline'
import type { Samples } from './plots/samples'

const LATELY_MS = 60_000
const RECENT_MS = 5_000
const RECENT_SAMPLES = 50
const HOUR_MS = 3_600_000

/** What the headline and the tiles go by, from the samples. */
export function paceOf(samples: Samples): Pace {
  const spent = samples.growth('usd', LATELY_MS)
  return {
    arrivals: samples.now('arrivals'),
    edgeRate: samples.now('edgeRate'),
    burstRate: Math.max(0, samples.now('bothRates') - samples.now('edgeRate')),
    trueRate: samples.now('trueRate'),
    queueDelayMs: samples.now('queueDelayMs'),
    backlogEvents: samples.now('backlogEvents'),
    isStuck: isStuck(samples),
    throttledLately: samples.growth('throttled', LATELY_MS).by,
    deadLately: samples.growth('deadLettered', LATELY_MS).by,
    spentLatelyUsdPerHour: spent.overMs > 0 ? (spent.by / spent.overMs) * HOUR_MS : 0,
  }
}

function isStuck(samples: Samples): boolean {
  const { by: folded, overMs } = samples.growth('edge', RECENT_MS)
  const waiting = samples.recent.view('backlogEvents', RECENT_SAMPLES)
  return (
    folded === 0 && overMs >= RECENT_MS && waiting.length === RECENT_SAMPLES && waiting.every((events) => events > 0)
  )
}

/**
 * How long an event is under way to the cloud and back, by Little's law: those in flight over the rate at which they
 * come back. Null when none did lately.
 */
export function meanLatencyMs(samples: Samples): number | null {
  const { by, overMs } = samples.growth('burst', RECENT_MS)
  if (by === 0 || overMs === 0) return null
  const inFlight = samples.recent.view('inFlightEvents', RECENT_SAMPLES)
  const mean = inFlight.reduce((sum, events) => sum + events, 0) / Math.max(1, inFlight.length)
  return mean / (by / overMs)
}
