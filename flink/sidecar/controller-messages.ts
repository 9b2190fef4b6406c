import { z } from 'zod'
import type { Facts } from '../../core/control/control'
import type { Usage } from '../../core/control/cost'
import type { Orders } from '../../core/control/job/orders'

/**
 * What the controller of a job and a sidecar say to each other, as JSON: Java has no part in it. Fields that one side
 * does not know are passed over, so that a sidecar of the next version can be told by a controller of this one.
 */

const MAX_REASON = 2_000 // characters: a reason is a sentence or two

const mode = z.enum(['auto', 'always', 'never'])
const amount = z.number().min(0)

const facts = z.object({
  trueRate: amount,
  arrivalRate: amount,
  steadyRate: amount,
  utilization: amount,
  backlogEvents: amount,
  backlogBytes: amount,
  inFlightEnvelopes: amount,
  inFlightEvents: amount,
  inFlightBytes: amount,
  lanes: amount,
  laneRate: amount,
  divertUs: amount,
  foldUs: amount,
  sentRate: amount,
  /** JSON has no infinity. */
  ceilingRate: amount.nullable().transform((rate) => rate ?? Number.POSITIVE_INFINITY),
  spentUsd: amount,
  cloudAway: z.string().optional(),
}) satisfies z.ZodType<Facts>

const usage = z.object({
  kinesisRecords: amount,
  kinesisBytes: amount,
  kinesisPutUnits: amount,
  kinesisPushedBytes: amount,
  lambdaInvocations: amount,
  lambdaGbSeconds: amount,
  lambdaInitGbSeconds: amount,
  readUnits: amount,
  writeUnits: amount,
  bytesOut: amount,
}) satisfies z.ZodType<Usage>

/** The answer to `facts`. Counts are since the start of the sidecar, which its incarnation names. */
export const sidecarFacts = facts.extend({
  incarnation: z.string(),
  version: z.string(),
  mode,
  transport: z.enum(['kinesis', 'invoke']),
  /** Whether it has a way to the cloud at all. */
  canBurst: z.boolean(),
  /** Whether its valve is armed, and why or why not. */
  bursting: z.boolean(),
  reason: z.string(),
  /** Whether envelopes are on their way out now. */
  isSending: z.boolean(),
  decision: z.object({ route: z.enum(['edge', 'burst']), queueDelayMs: amount, reason: z.string() }),
  accepted: amount,
  events: z.object({ edge: amount, burst: amount, deadLettered: amount }),
  cloud: z.object({
    state: z.enum(['usable', 'away', 'probing']),
    sentEnvelopes: amount,
    reclaims: amount,
    failedSends: amount,
    throttled: amount,
    divertMs: amount,
    oldestInFlightMs: amount,
  }),
  usage,
  usd: amount,
  streamLanes: z.object({ shards: amount, parallelization: amount, consumer: z.enum(['standard', 'fan-out']) }),
  /** How long envelopes take in the cloud, in seconds by bucket. */
  putToPartial: z.object({ bounds: z.array(z.number()), upTo: z.array(amount), count: amount, sum: amount }),
  /** What bounds it now. */
  limits: z.object({ lanes: amount, maxUsdPerHour: amount }),
  /** Since its last orders; null before any. */
  ordersAgoMs: amount.nullable(),
})
export type SidecarFacts = z.output<typeof sidecarFacts>

/** The request `orders`; its answer is an acknowledgement. */
export const ordersRequest = z.object({
  mode,
  lanes: z.number().int().min(0),
  maxUsdPerHour: amount,
  valveMs: amount.nullable(),
  prewarm: z.boolean(),
  reason: z.string().max(MAX_REASON),
}) satisfies z.ZodType<Orders>

export const encodeOrders = (orders: Orders): Buffer =>
  Buffer.from(JSON.stringify({ ...orders, reason: orders.reason.slice(0, MAX_REASON) }))

/** Throws when they are none. */
export const decodeOrders = (payload: Uint8Array): Orders =>
  ordersRequest.parse(JSON.parse(Buffer.from(payload).toString('utf8')))

/** Throws when the answer is not one of a sidecar of this version. */
export const decodeFacts = (payload: Uint8Array): SidecarFacts =>
  sidecarFacts.parse(JSON.parse(Buffer.from(payload).toString('utf8')))
