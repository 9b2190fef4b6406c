import type { Overview } from '../../../edge-node/observe/feed'
import { count, duration, eventRate, percent, rate, usd } from '../format'

/** Numbers of this moment that the headline goes by. Rates are over a second. */
export interface Pace {
  readonly arrivals: number
  readonly edgeRate: number
  readonly burstRate: number
  readonly trueRate: number
  readonly queueDelayMs: number
  /** How long events that burst take now; null where nothing bursts, or has only begun to. */
  readonly burstDelayMs: number | null
  readonly backlogEvents: number
  /** Events have been waiting for seconds, and none was counted. */
  readonly isStuck: boolean
  /** Within the last minute. */
  readonly throttledLately: number
  readonly deadLately: number
  readonly spentLatelyUsdPerHour: number
}

export type Tone = 'good' | 'busy' | 'warn' | 'bad' | 'quiet'

/** The state in a word or two, what that means in a sentence, and why. */
export interface Headline {
  readonly chip: string
  readonly tone: Tone
  readonly sentence: string
  readonly why: string
}

/** Something that somebody should know. */
export interface Problem {
  readonly tone: 'warn' | 'bad'
  readonly text: string
}

const IDLE_RATE = 0.5

/** What one look should tell; the gravest comes first. */
export function headline(overview: Overview, pace: Pace): Headline {
  const { unready, refusal, cloud, bursting, latencyTargetMs, overTargetForMs } = overview
  const why = whyOf(overview)
  if (unready !== null) return { chip: 'Not accepting', tone: 'bad', sentence: `${capital(unready)}.`, why }
  if (refusal !== null) return { chip: 'Refusing', tone: 'bad', sentence: `Requests are refused: ${refusal}.`, why }
  if (pace.isStuck) return { chip: 'Stuck', tone: 'bad', sentence: stuck(pace), why }
  if (pace.queueDelayMs > latencyTargetMs)
    return { chip: 'Falling behind', tone: 'bad', sentence: fallingBehind(overview, pace), why }
  if (overTargetForMs > 0)
    return { chip: 'Over target', tone: 'bad', sentence: `${overTarget(overview)} ${arrive(overview, pace)}`, why }
  if (pace.burstDelayMs !== null && pace.burstDelayMs > latencyTargetMs)
    return { chip: 'Over target', tone: 'bad', sentence: cloudTakes(overview, pace.burstDelayMs), why }
  if (cloud.away !== null)
    return { chip: 'Cloud away', tone: 'warn', sentence: `${capital(cloud.away)}; the edge works alone.`, why }
  if (bursting)
    return { chip: 'Bursting', tone: 'busy', sentence: `${arrive(overview, pace)} ${waits(overview, pace)}`, why }
  if (pace.arrivals < IDLE_RATE && pace.backlogEvents === 0)
    return { chip: 'Idle', tone: 'quiet', sentence: 'Nothing arrives, nothing waits.', why }
  return { chip: 'Keeping up', tone: 'good', sentence: `${arrive(overview, pace)} ${waits(overview, pace)}`, why }
}

/** Everything that is not as it should be, the gravest first. */
export function problems(overview: Overview, pace: Pace): Problem[] {
  const { unready, refusal, cloud, cost, events, latencyTargetMs } = overview
  const found: Problem[] = []
  const say = (tone: Problem['tone'], text: string) => found.push({ tone, text })
  if (unready !== null) say('bad', capital(unready))
  if (refusal !== null) say('bad', `Requests are refused: ${refusal}`)
  if (pace.isStuck) say('bad', stuck(pace))
  if (pace.queueDelayMs > latencyTargetMs) say('bad', `Queue delay is over the target of ${duration(latencyTargetMs)}`)
  if (pace.burstDelayMs !== null && pace.burstDelayMs > latencyTargetMs)
    say('bad', `Events that burst take ${duration(pace.burstDelayMs)}, over the target of ${duration(latencyTargetMs)}`)
  if (overview.overTargetForMs > 0) say('bad', `Events take longer than the target of ${duration(latencyTargetMs)}`)
  if (cost.lastHourUsd >= cost.maxUsdPerHour)
    say('bad', `The spending limit of ${usd(cost.maxUsdPerHour)}/h is reached`)
  else if (cost.lastHourUsd > cost.maxUsdPerHour * 0.8)
    say('warn', `${percent(cost.lastHourUsd / cost.maxUsdPerHour)} of the spending limit is used`)
  if (cloud.away !== null) say('warn', capital(cloud.away))
  if (isNarrow(cloud)) say('warn', `The cloud half is too narrow: ${cloud.capacity}`)
  if (pace.throttledLately > 0) say('warn', `${rounded(pace.throttledLately)} throttled puts in the last minute`)
  const dying = overview.dying ?? { events: pace.deadLately, most: null }
  if (dying.events > 0) say('warn', eventsDie(dying))
  else if (events.deadLettered > 0) say('warn', `${rounded(events.deadLettered)} dead letters since the start`)
  if (events.late > 0) say('warn', `${rounded(events.late)} events came too late since the start`)
  if (overview.job !== undefined) for (const text of jobProblems(overview.job)) say('warn', text)
  if (events.rejected > 0) say('warn', `${rounded(events.rejected)} lines were rejected since the start`)
  return found
}

function eventsDie({ events, most }: NonNullable<Overview['dying']>): string {
  return `Events die: ${rounded(events)} in the last minute${most === null ? '' : `, most by: ${most}`}`
}

/** What somebody should know of a Flink job. */
function jobProblems({ problem, state, sidecars }: NonNullable<Overview['job']>): string[] {
  const unheard = sidecars.filter(({ hearing }) => hearing !== 'heard')
  return [
    ...(problem === null ? [] : [problem]),
    ...(problem === null && state !== 'RUNNING' ? [`The job is ${(state ?? 'not known').toLowerCase()}`] : []),
    ...unheard.map(({ name, problem: why }) => `Sidecar ${name}: ${why}`),
  ]
}

/** By name: a node from before it said so says nothing. */
const isNarrow = ({ bottleneck }: Overview['cloud']) => ['lanes', 'shards', 'functions'].includes(bottleneck)

/** What the policy has in mind; and while it bursts what became of the last envelope, where that is another thing. */
function whyOf({ bursting, reason, routeReason }: Overview): string {
  return bursting && shape(reason) !== shape(routeReason) ? `${reason}. Last envelope: ${routeReason}` : reason
}

/** A reason without its numbers. */
const shape = (reason: string) => reason.replace(/[\d,.]+/g, '')

function arrive({ job }: Overview, { arrivals, trueRate, edgeRate, burstRate }: Pace): string {
  const place = job === undefined ? 'this machine' : 'the machines of the job'
  const events = `${eventRate(arrivals)} arrive`
  const folded = edgeRate + burstRate
  if (burstRate > 0 && folded > 0)
    return `${events}, ${rate(trueRate)} fit on ${place}; ${percent(burstRate / folded)} of the work is done in the cloud.`
  if (trueRate === 0) return `${events}.`
  return `${events}, ${percent(arrivals / trueRate)} of the ${rate(trueRate)} that fit on ${place}.`
}

function fallingBehind(overview: Overview, pace: Pace): string {
  const over = overview.overTargetForMs > 0 ? `${overTarget(overview)} ` : ''
  return `${over}${waits(overview, pace)} ${arrive(overview, pace)}`
}

/** More events than are tolerated took too long, whether they waited here or in the cloud. */
const overTarget = ({ overTargetForMs, latencyTargetMs }: Overview) =>
  `Over target for ${wholeSeconds(overTargetForMs)}: more than 1 % of the events take longer than ${duration(latencyTargetMs)}.`

/** The node judges seconds: parts of them would only flicker. */
export const wholeSeconds = (ms: number): string => duration(Math.max(1_000, Math.round(ms / 1_000) * 1_000))

const stuck = ({ backlogEvents }: Pace) => `${count(backlogEvents)} events wait, and none has been folded for seconds.`

const waits = ({ latencyTargetMs }: Overview, { queueDelayMs }: Pace) =>
  `An event waits ${duration(queueDelayMs)}; the target is ${duration(latencyTargetMs)}.`

const cloudTakes = ({ latencyTargetMs }: Overview, burstDelayMs: number) =>
  `Events that burst take ${duration(burstDelayMs)}; the target is ${duration(latencyTargetMs)}.`

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
const rounded = (value: number) => Math.round(value).toLocaleString('en-US')
