import { z } from 'zod'
import { SAMPLE_FIELDS } from '../../../edge-node/observe/feed'
import { count, epochMs, named } from './answers'
import { dying, eventCounts, percentiles, windowCounts } from './status'

const fields = named('SampleFields', z.array(z.enum(SAMPLE_FIELDS)))
const sample = named('Sample', z.array(z.number()).length(SAMPLE_FIELDS.length).describe('one number for each field'))
const quantiles = z.looseObject(percentiles)
const nullable = { text: z.string().nullable(), number: z.number().nullable() }

export const history = named('History', z.strictObject({ fields, seconds: z.array(sample), recent: z.array(sample) }))

export const latest = named(
  'Latest',
  z.strictObject({
    rows: z.array(z.strictObject({ start: epochMs(), end: epochMs(), row: z.looseObject({ key: z.string() }) })),
    found: count().describe('keys that were found, of which `rows` has the first'),
    windows: count().describe('final windows that were looked through'),
  }),
)

const cloud = z.strictObject({
  none: z.boolean().optional().describe('there is none, as it is set'),
  away: nullable.text,
  shards: count(),
  parallelization: count(),
  laneRate: z.number(),
  inFlightEnvelopes: count(),
  inFlightEvents: count(),
  inFlightBytes: count(),
  throttled: count(),
  ceilingRate: nullable.number,
  divertUs: z.number(),
  foldUs: z.number(),
  latencyMs: quantiles.nullable(),
  parts: z.array(z.strictObject({ part: z.string(), inWords: z.string(), ...percentiles })),
  iteratorAgeMs: nullable.number,
  capacity: z.string(),
  bottleneck: z.enum(['enough', 'lanes', 'shards', 'functions', 'unknown']),
  invocations: count(),
  records: count(),
})

const overview = named(
  'Overview',
  z.strictObject({
    atMs: epochMs(),
    pipeline: z.string(),
    version: z.string(),
    incarnation: z.string(),
    bootEpoch: count(),
    unready: nullable.text,
    refusal: nullable.text,
    mode: z.enum(['auto', 'always', 'never']),
    policy: z.string(),
    bursting: z.boolean(),
    reason: z.string(),
    routeReason: z.string(),
    latencyTargetMs: z.number(),
    limitMs: z.number(),
    events: eventCounts,
    windows: windowCounts,
    retention: z.string().describe('how long results are kept, in words'),
    processingDelayMs: quantiles,
    dying: dying.optional(),
    overTargetForMs: z.number(),
    windowLatencyMs: quantiles,
    cloud,
    cost: z.strictObject({
      usd: z.number(),
      lastHourUsd: z.number(),
      maxUsdPerHour: z.number(),
      idleUsdPerHour: z.number(),
    }),
  }),
)

const decision = named(
  'Decision',
  z.strictObject({
    atMs: epochMs(),
    bursting: z.boolean(),
    reason: z.string(),
    facts: z.record(z.string(), z.union([z.number(), z.string()])),
  }),
)

const finalWindow = z.strictObject({
  start: epochMs(),
  end: epochMs(),
  accepted: count(),
  edge: count(),
  burst: count(),
  deadLettered: count(),
  rows: count(),
})
const unfinishedWindow = z.strictObject({
  start: epochMs(),
  end: epochMs(),
  phase: z.enum(['open', 'closing', 'finalizing']),
  accepted: count(),
  waiting: count().describe('envelopes of it that are counted nowhere yet'),
})
const windowsNow = named(
  'WindowsNow',
  z.strictObject({ unfinished: z.array(unfinishedWindow), finals: z.array(finalWindow) }),
)

/** The server-sent events of the live feed, by name. */
export const FEED = {
  fields,
  sample,
  overview,
  decisions: named('Decisions', z.array(decision)),
  windows: windowsNow,
} as const
