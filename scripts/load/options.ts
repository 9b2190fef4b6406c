import type { Profile } from './schedule/profile'

export const PIPELINES = ['bids', 'llm-usage'] as const

/** One run of the load generator. */
export interface LoadOptions {
  /** Base URL of the edge node, e.g. `http://127.0.0.1:7070`. */
  readonly url: string
  /** Sent with every request, when the edge node asks for one. */
  readonly token?: string | undefined
  /** Which events to generate. */
  readonly pipeline: (typeof PIPELINES)[number]
  readonly profile: Profile
  /** Length of the schedule; null: 60 s, or the whole of a trace. */
  readonly seconds: number | null
  /** 0 to 2^32 - 1. Decides the events and the schedule. */
  readonly seed: number
  /** Number of auctions. */
  readonly keys: number
  /** Exponent of the auctions' popularity. */
  readonly zipf: number
  /** Share of bids with a price of 0. */
  readonly poison: number
  /** Event times lie up to this far before the intended send time. */
  readonly disorderMs: number
  /** Real events instead of generated ones (NDJSON, or CSV by its name). */
  readonly eventFile: string | null
  /** Events made after the lines of this file (NDJSON), at the present time, instead of generated ones. */
  readonly sampleFile: string | null
  /** The field of a sample's events that has their time. */
  readonly timeField: string
  /** Most events per request. */
  readonly batch: number
  /** Most requests in flight. */
  readonly connections: number
  /** How long a request may take before it counts as lost and is sent again under the same key. */
  readonly timeoutMs: number
  /** How long after the schedule's end to go on until every answer is definite. */
  readonly drainMs: number
  /** The run ends when nothing has ever answered for this long. */
  readonly giveUpMs: number
  /** First part of the idempotency keys; null: random. */
  readonly runId: string | null
  /** Where to write what was accepted; null: nowhere. */
  readonly acceptedFile: string | null
}

/** Everything but the profile. `runLoad({ ...LOAD_DEFAULTS, profile: { kind: 'constant', rate: 1000 } })`. */
export const LOAD_DEFAULTS: Omit<LoadOptions, 'profile'> = {
  url: 'http://127.0.0.1:7070',
  pipeline: 'bids',
  seconds: null,
  seed: 1,
  keys: 1000,
  zipf: 1,
  poison: 0,
  disorderMs: 0,
  eventFile: null,
  sampleFile: null,
  timeField: 'timestamp',
  batch: 100,
  connections: 8,
  timeoutMs: 30_000,
  drainMs: 120_000,
  giveUpMs: 15_000,
  runId: null,
  acceptedFile: null,
}
