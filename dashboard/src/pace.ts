import type { Overview } from '../../edge-node/observe/feed'
import type { Pace } from './panels/headline'
import type { Column, Samples } from './plots/samples'

const LATELY_MS = 60_000
const RECENT_MS = 5_000
const RECENT_SAMPLES = 50
const HOUR_MS = 3_600_000

/** What the headline and the tiles go by: the newest sample of those that are drawn, and the last while. */
export function paceOf(samples: Samples, drawn: Samples['recent'] = samples.recent): Pace {
  const spent = samples.growth('usd', LATELY_MS)
  return {
    ...ratesOf(drawn, 0),
    burstDelayMs: isSteadyBurst(samples) ? meanLatencyMs(samples) : null,
    isStuck: isStuck(samples),
    throttledLately: samples.growth('throttled', LATELY_MS).by,
    deadLately: samples.growth('deadLettered', LATELY_MS).by,
    spentLatelyUsdPerHour: spent.overMs > 0 ? (spent.by / spent.overMs) * HOUR_MS : 0,
  }
}

function ratesOf(ring: Samples['recent'], age: number) {
  const at = (column: Column) => ring.back(column, age)
  return {
    arrivals: at('arrivals'),
    edgeRate: at('edgeRate'),
    burstRate: Math.max(0, at('bothRates') - at('edgeRate')),
    trueRate: at('trueRate'),
    queueDelayMs: at('queueDelayMs'),
    backlogEvents: at('backlogEvents'),
  }
}

/** The same of a second of the past; what only shows over a while is not said of it. */
export function paceAt({ seconds }: Samples, age: number): Pace {
  const at = (column: Column) => seconds.back(column, age)
  const minuteAgo = Math.min(age + LATELY_MS / 1_000, seconds.length - 1)
  const grown = (column: Column) => Math.max(0, at(column) - seconds.back(column, minuteAgo))
  const overMs = at('atMs') - seconds.back('atMs', minuteAgo)
  return {
    ...ratesOf(seconds, age),
    burstDelayMs: null,
    isStuck: false,
    throttledLately: grown('throttled'),
    deadLately: grown('deadLettered'),
    spentLatelyUsdPerHour: overMs > 0 ? (grown('usd') / overMs) * HOUR_MS : 0,
  }
}

/** How things were then, as far as the samples say: what was refused or away, and late or rejected, they do not. */
export function overviewAt({ seconds }: Samples, age: number, now: Overview): Overview {
  const at = (column: Column) => seconds.back(column, age)
  const hourAgo = Math.min(age + HOUR_MS / 1_000, seconds.length - 1)
  const { dying: _, ...rest } = now
  return {
    ...rest,
    atMs: at('atMs'),
    bursting: at('bursting') > 0,
    unready: null,
    refusal: null,
    overTargetForMs: 0,
    processingDelayMs: { p50: 0, p99: 0, max: 0 },
    events: {
      ...{ accepted: at('accepted'), edge: at('edge'), burst: at('burst'), deadLettered: at('deadLettered') },
      ...{ late: 0, rejected: 0, pending: 0 },
    },
    cloud: { ...now.cloud, away: null, bottleneck: 'unknown' },
    cost: { ...now.cost, usd: at('usd'), lastHourUsd: Math.max(0, at('usd') - seconds.back('usd', hourAgo)) },
  }
}

/** At its beginning nothing has come back: what is under way then says nothing of how long it takes. */
function isSteadyBurst({ recent }: Samples): boolean {
  const bursting = recent.view('bursting', RECENT_SAMPLES)
  return bursting.length === RECENT_SAMPLES && bursting.every((is) => is > 0)
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
