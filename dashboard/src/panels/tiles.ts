import type { Overview } from '../../../edge-node/observe/feed'
import { byId, make, setText, showList } from '../dom'
import { clock, count, duration, percent, rate, usd } from '../format'
import { type Pace, type Problem, problems, type Tone, wholeSeconds } from './headline'

/** The four answers. */
export function showTiles(overview: Overview, pace: Pace): void {
  showPace(overview, pace)
  showBurst(overview, pace)
  showCost(overview, pace)
  showProblems(problems(overview, pace))
}

function showPace({ latencyTargetMs, bursting, processingDelayMs, overTargetForMs }: Overview, pace: Pace): void {
  const { queueDelayMs, arrivals, trueRate } = pace
  const share = queueDelayMs / latencyTargetMs
  const load = trueRate > 0 ? `load ${percent(arrivals / trueRate)} of ${rate(trueRate)}` : 'nothing folded yet'
  const delay = processingDelayMs.max > 0 ? `; delay p99 ${duration(processingDelayMs.p99)} since the start` : ''
  const label = `queue delay is ${percent(share)} of the target`
  const [tone, big] =
    share > 1 || pace.isStuck || overTargetForMs > 0
      ? (['bad', 'No'] as const)
      : (['good', bursting ? 'Yes, with help' : 'Yes'] as const)
  const over = overTargetForMs > 0 ? `over target for ${wholeSeconds(overTargetForMs)}; ` : ''
  const note = `${over}queue delay ${duration(queueDelayMs)} of ${duration(latencyTargetMs)}; ${load}${delay}`
  show('tile-pace', { tone, big, note, share, label })
}

function showBurst({ bursting, events, mode }: Overview, { edgeRate, burstRate }: Pace): void {
  const folded = edgeRate + burstRate
  const share = folded > 0 ? burstRate / folded : 0
  const whole = events.edge + events.burst
  const ever =
    whole > 0 ? `${percent(events.burst / whole)} of ${count(whole)} events since the start` : 'no events yet'
  const rule = mode === 'auto' ? '' : `mode is “${mode}”; `
  const big = bursting ? `Yes, ${percent(share)}` : 'No'
  const label = `${percent(share)} of the work is done in the cloud`
  const now = bursting ? 'of the work is done in the cloud now; ' : ''
  show('tile-burst', { tone: bursting ? 'busy' : 'quiet', big, note: `${now}${rule}${ever}`, share, label })
}

function showCost({ cost }: Overview, { spentLatelyUsdPerHour }: Pace): void {
  const { usd: spent, lastHourUsd, maxUsdPerHour, idleUsdPerHour } = cost
  const share = maxUsdPerHour > 0 ? lastHourUsd / maxUsdPerHour : 0
  const now = `now ${usd(spentLatelyUsdPerHour + idleUsdPerHour)}/h, of which ${usd(idleUsdPerHour)} is the idle stream`
  const label = `${percent(share)} of the spending limit of ${usd(maxUsdPerHour)} an hour`
  const tone = share > 0.8 ? 'bad' : 'quiet'
  show('tile-cost', { tone, big: usd(spent), note: `for bursts so far; ${now}`, share, label })
}

function showProblems(found: readonly Problem[]): void {
  const tile = byId('tile-wrong')
  tile.dataset.tone = found[0]?.tone ?? 'good'
  const list = tile.querySelector<HTMLElement>('.note')!
  setText(tile.querySelector('.big')!, found.length === 0 ? 'Nothing' : `${found.length} to look at`)
  showList(
    list,
    found,
    ({ text }) => text,
    ({ text }) => make('li', '', text),
  )
}

interface Tile {
  readonly tone: Tone
  readonly big: string
  readonly note: string
  /** Of the bar, 0 to 1, and what it says to those who do not see it. */
  readonly share: number
  readonly label: string
}

function show(id: string, { tone, big, note, share, label }: Tile): void {
  const tile = byId(id)
  const meter = tile.querySelector<HTMLElement>('.meter')!
  tile.dataset.tone = tone
  setText(tile.querySelector('.big')!, big)
  setText(tile.querySelector('.note')!, note)
  meter.style.setProperty('--share', String(Math.min(1, Math.max(0, share))))
  meter.setAttribute('aria-label', label)
}

/** What the page says of its connection. */
export function showConnection(state: 'live' | 'lost' | 'connecting', text: string): void {
  const element = byId('connection')
  element.dataset.state = state
  setText(element, text)
  document.body.dataset.connection = state
}

export const showIdentity = ({ pipeline, version, incarnation, bootEpoch, atMs, job }: Overview): void => {
  setText(byId('pipeline'), pipeline)
  setText(byId('version'), `version ${version.slice(0, 12)}`)
  const what = job === undefined ? `log ${incarnation.slice(0, 8)}, boot ${bootEpoch}` : `job ${job.jobId ?? 'unknown'}`
  setText(byId('identity'), `${what}, as of ${clock(atMs)}`)
}
