import type { Overview } from '../../../edge-node/observe/feed'
import { count, duration, percent, rate, usd } from '../format'
import { type Pace, type Tone, wholeSeconds } from './headline'

/** What a tile says. */
export interface Tile {
  readonly tone: Tone
  readonly big: string
  readonly note: string
  /** Of the bar, 0 to 1, and what it says to those who do not see it. */
  readonly share: number
  readonly label: string
}

/** Whether events are done in time, wherever they are: what waits here, what is in the cloud, and all that was done. */
export function paceTile(
  { latencyTargetMs, bursting, processingDelayMs, overTargetForMs }: Overview,
  pace: Pace,
): Tile {
  const { queueDelayMs, burstDelayMs, arrivals, trueRate } = pace
  const share = Math.max(queueDelayMs, burstDelayMs ?? 0) / latencyTargetMs
  const load = trueRate > 0 ? `load ${percent(arrivals / trueRate)} of ${rate(trueRate)}` : 'nothing folded yet'
  const delay = processingDelayMs.max > 0 ? `; delay p99 ${duration(processingDelayMs.p99)} since the start` : ''
  const label = `the longer delay is ${percent(share)} of the target`
  const isLate = share > 1 || pace.isStuck || overTargetForMs > 0
  const big = isLate ? 'No' : bursting ? 'Yes, with help' : 'Yes'
  const over = overTargetForMs > 0 ? `over target for ${wholeSeconds(overTargetForMs)}; ` : ''
  const away = burstDelayMs === null ? '' : `, ${duration(burstDelayMs)} in the cloud,`
  const note = `${over}queue delay ${duration(queueDelayMs)}${away} of ${duration(latencyTargetMs)}; ${load}${delay}`
  return { tone: isLate ? 'bad' : 'good', big, note, share, label }
}

/** Whether work is done in the cloud, where there is one. */
export function burstTile({ bursting, events, mode, cloud }: Overview, { edgeRate, burstRate }: Pace): Tile {
  if (cloud.none)
    return {
      tone: 'quiet',
      big: 'No cloud',
      note: 'back-pressure above capacity',
      share: 0,
      label: 'there is no cloud',
    }
  const folded = edgeRate + burstRate
  const share = folded > 0 ? burstRate / folded : 0
  const whole = events.edge + events.burst
  const ever =
    whole > 0 ? `${percent(events.burst / whole)} of ${count(whole)} events since the start` : 'no events yet'
  const rule = mode === 'auto' ? '' : `mode is “${mode}”; `
  const big = bursting ? `Yes, ${percent(share)}` : 'No'
  const label = `${percent(share)} of the work is done in the cloud`
  const now = bursting ? 'of the work is done in the cloud now; ' : ''
  return { tone: bursting ? 'busy' : 'quiet', big, note: `${now}${rule}${ever}`, share, label }
}

/** What bursts have cost, of what they may. */
export function costTile({ cost, cloud }: Overview, { spentLatelyUsdPerHour }: Pace): Tile {
  if (cloud.none)
    return { tone: 'quiet', big: usd(0), note: 'there is no cloud to pay for', share: 0, label: 'no cloud' }
  const { usd: spent, lastHourUsd, maxUsdPerHour, idleUsdPerHour } = cost
  const share = maxUsdPerHour > 0 ? lastHourUsd / maxUsdPerHour : 0
  const now = `now ${usd(spentLatelyUsdPerHour + idleUsdPerHour)}/h, of which ${usd(idleUsdPerHour)} is the idle stream`
  const label = `${percent(share)} of the spending limit of ${usd(maxUsdPerHour)} an hour`
  const tone = share > 0.8 ? 'bad' : 'quiet'
  return { tone, big: usd(spent), note: `for bursts so far; ${now}`, share, label }
}
