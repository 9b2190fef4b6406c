import {
  type Capacity,
  type CapacityLoad,
  type CapacityStep,
  type CapacityTerms,
  inWords,
  type StepKind,
} from './capacity'
import { type Diagnosis, diagnose } from './capacity-diagnosis'

/** What a capacity was deployed as, and the most that it was raised to. */
interface Raised {
  readonly from: number
  readonly to: number
}

/**
 * What has to outlive a crash. After one, what was raised is still taken back, and AWS still counts the changes of the
 * day. Times are epoch ms.
 */
export interface CapacityMemory {
  readonly raised: Readonly<Partial<Record<StepKind, Raised>>>
  /** Calls of UpdateShardCount within the last 24 hours. */
  readonly shardUpdatesMs: readonly number[]
}

/** Times are epoch ms. */
export interface CapacityState extends CapacityMemory {
  readonly steppedMs: number
  readonly burstMs: number
  /** Since when the same remedy is the one. */
  readonly remedy: { readonly kind: StepKind; readonly sinceMs: number } | undefined
  /** Steps that were refused are not tried again before. */
  readonly refusedUntilMs: Readonly<Partial<Record<StepKind, number>>>
}

/** What limits the cloud half, and what is done now, if anything. */
export interface CapacityVerdict {
  readonly diagnosis: Diagnosis
  /** The diagnosis, and what is done about it or why not. */
  readonly reason: string
  readonly step: CapacityStep | undefined
}

export const FORGOTTEN: CapacityMemory = { raised: {}, shardUpdatesMs: [] }

const DAY_MS = 24 * 3_600_000
const MAX_SHARD_UPDATES = 10 // what AWS takes within 24 hours, per stream
const QUIET_MS = 300_000 // spikes come in groups; a shard costs about a tenth of a cent in this time
const DWELL_MS = 10_000 // a step has to show before the next one is judged
const CONFIRM_MS = 3_000 // shards cost money and a part of the day's updates: not for a moment's throttling
const SETTLED_MS = 60_000 // until then what AWS tells may be from before a step

/**
 * The state of a node that starts with `memory`: what it had raised is due to be taken back once nothing has burst for
 * a while.
 */
export function capacityState(memory: CapacityMemory, nowMs: number): CapacityState {
  return { ...memory, steppedMs: nowMs, burstMs: nowMs, remedy: undefined, refusedUntilMs: {} }
}

/**
 * Says what limits the cloud half, and decides the next step. While there is bursting it raises what is too little;
 * five minutes later it takes that back to what was deployed, halving the shards. It never goes beyond the terms, below
 * what was deployed, or so far up that the day's updates do not suffice to come back. What was raised is taken back
 * also when raising is no longer allowed. Pure. Ask it once no step is in progress.
 */
export function scaleCapacity(
  state: CapacityState,
  load: CapacityLoad,
  capacity: Capacity,
  terms: CapacityTerms,
  nowMs: number,
): readonly [CapacityState, CapacityVerdict] {
  const diagnosis = diagnose(load, capacity, terms)
  const seen = observed(state, load, capacity, diagnosis, nowMs)
  const step = load.bursting ? diagnosis.remedy : takeBack(seen, capacity, nowMs)
  const hindrance = step && hindranceOf(step, seen, load, capacity, terms, nowMs)
  const remark = hindrance ?? remarkOn(step, seen, load)
  const reason = remark === undefined ? diagnosis.reason : `${diagnosis.reason} (${remark})`
  if (step === undefined || hindrance !== undefined) return [seen, { diagnosis, reason, step: undefined }]
  return [taken(seen, step, capacity, nowMs), { diagnosis, reason, step }]
}

function remarkOn(
  step: CapacityStep | undefined,
  { raised }: CapacityState,
  { bursting }: CapacityLoad,
): string | undefined {
  if (step !== undefined) return bursting ? 'doing so' : `taking back ${inWords(step)}`
  if (bursting || Object.keys(raised).length === 0) return undefined
  return 'what was raised is taken back after 5 minutes of that'
}

/** The state after a step was refused: it is not tried again for `retryAfterMs`. */
export function refused(state: CapacityState, kind: StepKind, retryAfterMs: number, nowMs: number): CapacityState {
  return { ...state, refusedUntilMs: { ...state.refusedUntilMs, [kind]: nowMs + retryAfterMs } }
}

function observed(
  state: CapacityState,
  { bursting }: CapacityLoad,
  capacity: Capacity,
  { remedy }: Diagnosis,
  nowMs: number,
): CapacityState {
  const isSettled = !capacity.isUpdating && nowMs - state.steppedMs >= SETTLED_MS
  return {
    ...state,
    raised: isSettled ? stillRaised(state.raised, capacity) : state.raised,
    shardUpdatesMs: state.shardUpdatesMs.filter((atMs) => nowMs - atMs < DAY_MS),
    burstMs: bursting ? nowMs : state.burstMs,
    remedy: remedy && { kind: remedy.kind, sinceMs: state.remedy?.kind === remedy.kind ? state.remedy.sinceMs : nowMs },
  }
}

/** What lies outside of what was raised, somebody else has set: it is left as it is. */
function stillRaised(raised: CapacityMemory['raised'], capacity: Capacity): CapacityMemory['raised'] {
  const entries = Object.entries(raised) as [StepKind, Raised][]
  return Object.fromEntries(entries.filter(([kind, range]) => isWithin(range, presentOf(kind, capacity))))
}

const isWithin = ({ from, to }: Raised, present: number) => present > from && present <= to

/** What costs money first, halving: AWS takes no more at once. */
function takeBack({ raised, burstMs }: CapacityState, capacity: Capacity, nowMs: number): CapacityStep | undefined {
  if (nowMs - burstMs < QUIET_MS) return undefined
  for (const kind of ['shards', 'warmThroughput', 'parallelization'] as const) {
    const range = raised[kind]
    const present = presentOf(kind, capacity)
    if (range === undefined || !isWithin(range, present)) continue
    return { kind, to: kind === 'shards' ? halved(present, range.from) : range.from }
  }
  return undefined
}

/** Why a step is not taken now, in words; undefined when it is. */
function hindranceOf(
  step: CapacityStep,
  state: CapacityState,
  { bursting }: CapacityLoad,
  capacity: Capacity,
  terms: CapacityTerms,
  nowMs: number,
): string | undefined {
  if (bursting && !terms.isAllowed) return 'scaleCloud is off'
  if (capacity.isUpdating) return 'a change is under way'
  if (nowMs < (state.refusedUntilMs[step.kind] ?? 0)) return 'AWS has refused it, and is asked again later'
  if (nowMs - state.steppedMs < DWELL_MS) return 'the step before has to show first'
  const isFree = step.kind === 'parallelization'
  if (bursting && !isFree && nowMs - (state.remedy?.sinceMs ?? nowMs) < CONFIRM_MS) return 'if that lasts'
  if (step.kind === 'shards' && updatesLeft(state) < updatesNeeded(step.to, state, capacity))
    return `AWS takes ${MAX_SHARD_UPDATES} changes of the shard count within 24 hours`
  return undefined
}

const updatesLeft = ({ shardUpdatesMs }: CapacityState) => MAX_SHARD_UPDATES - shardUpdatesMs.length

/** This one, and those that it takes to come back from it. */
function updatesNeeded(to: number, { raised }: CapacityState, { shards }: Capacity): number {
  const deployed = raised.shards?.from ?? shards
  let calls = 1
  for (let left = to; left > deployed; left = halved(left, deployed)) calls += 1
  return to > shards ? calls : 1
}

const halved = (shards: number, atLeast: number) => Math.max(atLeast, Math.ceil(shards / 2))

function taken(state: CapacityState, { kind, to }: CapacityStep, capacity: Capacity, nowMs: number): CapacityState {
  const { from, to: most } = state.raised[kind] ?? { from: presentOf(kind, capacity), to }
  return {
    ...state,
    raised: { ...state.raised, [kind]: { from, to: Math.max(most, to) } },
    shardUpdatesMs: kind === 'shards' ? [...state.shardUpdatesMs, nowMs] : state.shardUpdatesMs,
    steppedMs: nowMs,
  }
}

function presentOf(kind: StepKind, { parallelization, shards, warmMiBps }: Capacity): number {
  switch (kind) {
    case 'parallelization':
      return parallelization
    case 'shards':
      return shards
    case 'warmThroughput':
      return warmMiBps
  }
}
