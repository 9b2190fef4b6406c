import { z } from 'zod'
import type { Facts } from '../../../core/control/control'
import type { Usage } from '../../../core/control/cost'
import { POLICY_NAMES } from '../../../core/control/policies'
import type { Status } from '../../../edge-node/http/status'
import { BURST_PARTS, type PartOfBurst } from '../../../edge-node/observe/burst-parts'
import { count, epochMs, named } from './answers'

/** A schema for each field: the compiler says when one is missing. */
type Fields<T> = Readonly<Record<keyof T, z.ZodType>>

const rate = () => z.number().describe('events per second')
const delayMs = () => z.number().describe('milliseconds')
export const percentiles = { p50: delayMs(), p99: delayMs(), max: delayMs() }

/** Counts since the start of the process. */
export const eventCounts = z.strictObject({
  accepted: count(),
  edge: count(),
  burst: count(),
  late: count(),
  rejected: count(),
  deadLettered: count(),
  pending: count().describe('accepted, and counted nowhere yet'),
})

export const windowCounts = z.strictObject({
  open: count(),
  closing: count().describe('closed, and waiting for envelopes'),
  finalizing: count(),
  final: count(),
  withBurst: count().describe('final ones of which a part was folded in the cloud'),
  kept: count().describe('final ones that retention has left'),
  damaged: count().describe('of these, those whose rows turned out to be lost'),
})

const retention = z.strictObject({
  hours: z.number(),
  bytes: count().describe('most bytes of results'),
  resultBytes: count(),
  takenBefore: epochMs()
    .nullable()
    .describe('windows that end at or before it may have been taken away; null: none was'),
  inWords: z.string(),
})

const checkpoint = z.strictObject({
  heldMs: z.number().describe('time of the thread that takes events, in whole'),
  longestHoldMs: z.number().describe('the most at once'),
  bytes: count(),
})

const factFields = {
  trueRate: rate(),
  arrivalRate: rate(),
  steadyRate: rate(),
  utilization: z.number(),
  backlogEvents: count(),
  backlogBytes: count(),
  inFlightEnvelopes: count(),
  inFlightEvents: count(),
  inFlightBytes: count(),
  lanes: count(),
  laneRate: rate(),
  divertUs: z.number().describe('microseconds of the thread for sending one event away; 0: unknown'),
  foldUs: z.number().describe('microseconds of the thread for folding one event; 0: unknown'),
  sentRate: rate(),
  ceilingRate: rate().nullable().describe('the most that the cloud takes, learned from throttles; null: unknown'),
  spentUsd: z.number().describe('within the last hour'),
  cloudAway: z.string().optional().describe('why nothing may be sent; absent while something may'),
} satisfies Fields<Facts>

const facts = named('Facts', z.strictObject(factFields))

const usage = {
  kinesisRecords: count(),
  kinesisBytes: z.number(),
  kinesisPutUnits: count(),
  kinesisPushedBytes: z.number(),
  lambdaInvocations: count(),
  lambdaGbSeconds: z.number(),
  lambdaInitGbSeconds: z.number(),
  readUnits: z.number(),
  writeUnits: z.number(),
  bytesOut: z.number(),
} satisfies Fields<Usage>

const edge = z.strictObject({
  trueRate: rate(),
  backlogEvents: count(),
  backlogBytes: count(),
  queueDelayMs: delayMs(),
  folded: count(),
  busyMs: delayMs(),
  groups: count().describe('keys held over all open panes'),
  recovering: count().describe('envelopes that the log left unfinished and that are not folded yet'),
  apart: count().describe('envelopes that may end the process: folded apart, or waiting for that'),
} satisfies Fields<Status['edge']>)

const episode = z.strictObject({
  startedAtMs: epochMs(),
  firstAcceptedAtMs: epochMs().nullable(),
  lastSentAtMs: epochMs(),
  envelopes: count(),
  reason: z.string(),
  endedAtMs: epochMs().nullable(),
})

const part = z.strictObject({
  part: z.enum(BURST_PARTS),
  inWords: z.string(),
  ...percentiles,
} satisfies Fields<PartOfBurst>)

const burst = z.strictObject({
  active: z.boolean(),
  route: z.enum(['edge', 'burst']).describe('of the last envelope'),
  reason: z.string(),
  refusal: z.string().nullable().describe('why requests are refused; null while they are not'),
  inFlightEnvelopes: count(),
  inFlightBytes: count(),
  lanes: z.strictObject({
    shards: count(),
    parallelization: count(),
    consumer: z.enum(['fan-out', 'standard']),
  }),
  capacity: z.string().describe('whether the cloud half is wide enough'),
  bottleneck: z.enum(['enough', 'lanes', 'shards', 'functions', 'unknown']).describe('what of it is too narrow'),
  laneRate: rate(),
  throttled: count(),
  latencyMs: z.strictObject(percentiles).describe('from sending an envelope until its head is seen'),
  parts: z
    .array(part)
    .describe('where the time of an envelope goes, in the order of its way, from the arrival of its first event on'),
  episodes: z.array(episode),
} satisfies Fields<Status['burst']>)

const controller = z.strictObject({
  policy: z.enum(POLICY_NAMES),
  transport: z.enum(['kinesis', 'invoke']),
  terms: z.strictObject({
    latencyTargetMs: delayMs(),
    maxQueueDelayMs: delayMs(),
    leadMs: delayMs(),
    dwellMs: delayMs(),
  }),
  bursting: z.boolean(),
  reason: z.string(),
  facts,
  modeChanges: count(),
  decisions: z.array(z.strictObject({ atMs: epochMs(), bursting: z.boolean(), reason: z.string(), facts })),
} satisfies Fields<Status['controller']>)

export const dying = z
  .strictObject({ events: count(), most: z.string().nullable().describe('what most of them died of') })
  .describe('events that died within the last minute')

export const status = named(
  'Status',
  z.strictObject({
    pipeline: z.string(),
    version: z.string(),
    incarnation: z.string().describe('of the log: made when the data directory was'),
    bootEpoch: count(),
    ready: z.boolean(),
    mode: z.enum(['auto', 'always', 'never']),
    events: eventCounts,
    windows: windowCounts,
    retention,
    checkpoint,
    horizon: epochMs().nullable(),
    watermark: epochMs().nullable(),
    edge,
    burst,
    controller,
    envelopes: count(),
    dying,
    processingDelayMs: z.strictObject({
      ...percentiles,
      events: count().describe('of which the delay is known'),
      overTarget: z.number().describe('share of them, 0 to 1'),
      overTargetForMs: delayMs().describe(
        'for how long more than 1 % of the events done in each second have been over the target; 0: not now',
      ),
    }),
    windowLatencyMs: z.strictObject(percentiles),
    cloud: z.strictObject({ ...usage, usd: z.number(), idleUsdPerHour: z.number() }),
  } satisfies Fields<Status>),
)
