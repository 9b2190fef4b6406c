import type { Lanes } from '../../cloud/deployment'
import { type Facts, type ModeChange, queueDelayMs } from '../../core/control/control'
import { idleUsdPerHour, type Usage, usageUsd } from '../../core/control/cost'
import type { PolicyName } from '../../core/control/policies'
import type { PolicyTerms } from '../../core/control/policy'
import type { BurstMode } from '../../core/control/route'
import { NO_CLOUD } from '../burst/cloud-half'
import type { Bottleneck } from '../burst/cloud-scaler'
import type { Episode } from '../burst/episodes'
import type { Width } from '../burst/lane-planner'
import { type Config, policyTerms, retentionInWords } from '../config/config'
import type { Deaths } from '../dead-letters/dying-events'
import type { EventCounts } from '../fold/fold'
import type { DelaySummary } from '../ingest/arrivals'
import type { CheckpointCost } from '../log/checkpointer'
import type { EdgeNode } from '../node/node'
import type { PartOfBurst } from '../observe/burst-parts'
import type { Percentiles } from '../observe/histogram'
import type { Results } from '../results/results'

/**
 * Everything that `GET /v1/status` tells. Times are epoch ms, delays ms, rates events per second, counts since the
 * start of the process.
 */
export interface Status {
  readonly pipeline: string
  readonly version: string
  readonly incarnation: string
  readonly bootEpoch: number
  readonly ready: boolean
  readonly mode: BurstMode
  readonly events: EventCounts & { readonly pending: number }
  readonly windows: {
    readonly open: number
    readonly closing: number
    readonly finalizing: number
    readonly final: number
    readonly withBurst: number
    /** Final ones that retention has left. */
    readonly kept: number
    /** Of these, those whose rows turned out to be lost. */
    readonly damaged: number
  }
  /** How long results are kept, and how much there is of them. */
  readonly retention: {
    readonly hours: number
    readonly bytes: number
    readonly resultBytes: number
    /** Windows that end at or before it may have been taken away; null when none was. */
    readonly takenBefore: number | null
    readonly inWords: string
  }
  readonly checkpoint: CheckpointCost
  /** null before the first closing. */
  readonly horizon: number | null
  readonly watermark: number | null
  readonly edge: {
    readonly trueRate: number
    readonly backlogEvents: number
    readonly backlogBytes: number
    readonly queueDelayMs: number
    readonly folded: number
    readonly busyMs: number
    readonly groups: number
    /** Envelopes that the log left unfinished and that are not folded yet. */
    readonly recovering: number
    /** Envelopes that may end the process: folded apart, or waiting for that. */
    readonly apart: number
  }
  readonly burst: {
    readonly active: boolean
    readonly route: string
    readonly reason: string
    /** Why nothing more is accepted, in words; null while something is. */
    readonly refusal: string | null
    readonly inFlightEnvelopes: number
    readonly inFlightBytes: number
    readonly lanes: Lanes
    /** Whether the cloud half is wide enough, in words. */
    readonly capacity: string
    /** What is too narrow of it. */
    readonly bottleneck: Bottleneck
    /** Events per second of one lane, from what the functions report; 0 before any did. */
    readonly laneRate: number
    readonly throttled: number
    /** From sending an envelope until its head is seen. */
    readonly latencyMs: Percentiles
    /** Where the time of envelopes that burst goes, from the arrival of their first event on. */
    readonly parts: readonly PartOfBurst[]
    readonly episodes: readonly Episode[]
  }
  readonly controller: {
    readonly policy: PolicyName
    readonly transport: Config['transport']
    readonly terms: PolicyTerms
    readonly bursting: boolean
    /** What the policy has in mind, in words. */
    readonly reason: string
    readonly facts: Facts
    /** Changes of mode since the start, and the latest of them, oldest first. */
    readonly modeChanges: number
    readonly decisions: readonly ModeChange[]
  }
  readonly envelopes: number
  /** Events that died within the last minute, and what most of them died of; null where none did. */
  readonly dying: Deaths
  readonly processingDelayMs: DelaySummary & {
    /** For how long more than one in a hundred of the events of each second have been over the target; 0: not now. */
    readonly overTargetForMs: number
  }
  readonly windowLatencyMs: Percentiles
  readonly cloud: Usage & { readonly usd: number; readonly idleUsdPerHour: number }
}

/** What the status is made of besides the node. */
export interface StatusSources {
  readonly node: EdgeNode
  readonly pipeline: string
  readonly identity: { readonly version: string; readonly incarnation: string; readonly epoch: number }
  readonly config: Config
  readonly width: Pick<Width, 'diagnosis' | 'bottleneck'>
  readonly results: Pick<Results, 'count' | 'first' | 'damaged' | 'kept' | 'takenBeforeMs'>
}

export function statusOf(sources: StatusSources): Status {
  const { node, pipeline, identity } = sources
  const { controller } = node
  const facts = controller.facts()
  const { horizonMs, watermarkMs } = node.progress
  const { episodes } = node.overflow
  return {
    pipeline,
    version: identity.version,
    incarnation: identity.incarnation,
    bootEpoch: identity.epoch,
    ready: node.unready === null,
    mode: controller.mode,
    events: { ...node.events, pending: node.pending },
    windows: windowsOf(sources),
    retention: retentionOf(sources),
    checkpoint: node.checkpointer.cost,
    horizon: finiteOrNull(horizonMs),
    watermark: finiteOrNull(watermarkMs),
    edge: edgeOf(node, facts),
    burst: { active: episodes.current !== undefined, ...burstOf(sources, facts), episodes: episodes.all },
    controller: controllerOf(sources, facts),
    envelopes: node.cutter.envelopes,
    dying: node.folding.deathsLately(),
    processingDelayMs: { ...node.arrivals.delays(), overTargetForMs: node.overTargetForMs },
    windowLatencyMs: node.finisher.latency.percentiles(),
    cloud: cloudOf(node),
  }
}

function windowsOf({ node, results }: StatusSources): Status['windows'] {
  const { open, closing, finalizing, final } = node.progress.windows
  const { withBurst } = node.finisher
  return { open, closing, finalizing, final, withBurst, kept: results.count - results.first, damaged: results.damaged }
}

const retentionOf = ({ config, results }: StatusSources): Status['retention'] => ({
  hours: config.retentionHours,
  bytes: config.retentionBytes,
  resultBytes: results.kept.bytes,
  takenBefore: finiteOrNull(results.takenBeforeMs),
  inWords: retentionInWords(config),
})

function edgeOf(node: EdgeNode, facts: Facts): Status['edge'] {
  const { groups, recovering, apart, folded, busyMs } = node.progress
  const { trueRate, backlogEvents, backlogBytes } = facts
  const queue = { trueRate, backlogEvents, backlogBytes, queueDelayMs: queueDelayMs(facts) }
  return { ...queue, folded, busyMs, groups, recovering, apart }
}

function burstOf({ node, width, config }: StatusSources, facts: Facts): Omit<Status['burst'], 'active' | 'episodes'> {
  const { controller, overflow, lanes } = node
  const { route } = controller.decision
  return {
    route,
    reason: reasonOf(config, controller.decision),
    refusal: controller.refusal(),
    inFlightEnvelopes: facts.inFlightEnvelopes,
    inFlightBytes: facts.inFlightBytes,
    lanes,
    capacity: width.diagnosis,
    bottleneck: width.bottleneck,
    laneRate: overflow.usage.laneRate,
    throttled: overflow.sender.counters().throttled,
    latencyMs: overflow.latency.percentiles(),
    parts: node.burstParts.all(),
  }
}

function controllerOf({ node, config }: StatusSources, facts: Facts): Status['controller'] {
  const { controller, lanes } = node
  return {
    policy: config.policy,
    transport: config.transport,
    terms: policyTerms(config, lanes.consumer),
    bursting: controller.isBursting,
    reason: reasonOf(config, controller.intent),
    facts,
    modeChanges: controller.decisions.changes,
    decisions: controller.decisions.all,
  }
}

function cloudOf({ overflow, lanes }: EdgeNode): Status['cloud'] {
  const usage = overflow.used()
  return { ...usage, usd: usageUsd(usage), idleUsdPerHour: idleUsdPerHour(lanes.shards, lanes.consumer) }
}

/** Why nothing bursts, where there is nothing to burst to. */
const reasonOf = ({ cloud }: Config, { reason }: { readonly reason: string }) => (cloud === 'none' ? NO_CLOUD : reason)

const finiteOrNull = (value: number) => (Number.isFinite(value) ? value : null)
