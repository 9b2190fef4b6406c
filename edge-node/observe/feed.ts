/**
 * What the dashboard is told: the messages of `GET /v1/live`, `GET /v1/history` and `GET /v1/latest`. Imports nothing,
 * so that a browser's code can name these types. Times are epoch ms, delays ms, rates events per second, money US
 * dollars, counts since the start of the process.
 */

/**
 * The measurements of one moment, in the order in which a sample has them. Numbers alone: thousands of samples stay
 * small.
 */
export const SAMPLE_FIELDS = [
  'atMs',
  'accepted',
  'edge',
  'burst',
  'deadLettered',
  'throttled',
  'usd',
  'arrivalRate',
  'trueRate',
  'utilization',
  'queueDelayMs',
  'backlogEvents',
  'backlogBytes',
  'inFlightEnvelopes',
  'inFlightEvents',
  /** 1 while the controller bursts, else 0. */
  'bursting',
] as const

export type SampleField = (typeof SAMPLE_FIELDS)[number]

/** One number for each field. */
export type Sample = readonly number[]

/** `GET /v1/history`: the last hour by the second, and the last minute as it was measured; both oldest first. */
export interface HistoryAnswer {
  readonly fields: readonly SampleField[]
  readonly seconds: readonly Sample[]
  readonly recent: readonly Sample[]
}

export interface Quantiles {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** How long a part of the way of envelopes that burst takes. */
export interface BurstPartShown extends Quantiles {
  readonly part: string
  readonly inWords: string
}

/** A sidecar of a Flink job. */
export interface SidecarShown {
  /** Its address, as it was named to the controller. */
  readonly name: string
  /** `heard`: now; `silent`: it may go by its last orders; `gone`: nothing listens there. */
  readonly hearing: 'heard' | 'silent' | 'gone'
  /** Why it is not heard, in words; null while it is. */
  readonly problem: string | null
  /** What it said last; null before it ever did. */
  readonly now: {
    readonly mode: 'auto' | 'always' | 'never'
    readonly bursting: boolean
    /** Whether envelopes are on their way out. */
    readonly isSending: boolean
    readonly reason: string
    readonly trueRate: number
    readonly arrivalRate: number
    readonly queueDelayMs: number
    readonly backlogEvents: number
    readonly inFlightEvents: number
    readonly edge: number
    readonly burst: number
    readonly deadLettered: number
    /** What bounds it: functions side by side, and dollars within an hour. */
    readonly lanes: number
    readonly maxUsdPerHour: number
    readonly spentUsd: number
    /** Since its last orders; null before any. */
    readonly ordersAgoMs: number | null
  } | null
  /** Why it was told what it was told last; null before it was told anything. */
  readonly orders: string | null
}

/** A Flink job; null is what is not known. */
export interface JobOverview {
  readonly jobId: string | null
  readonly name: string | null
  readonly state: string | null
  /** Why it is not known how the job is now, in words; null while it is. */
  readonly problem: string | null
  readonly parallelism: number | null
  /** What waits before the job, and how long until what arrives now is read. */
  readonly lagRecords: number | null
  readonly lagSeconds: number | null
  /** Records that come into its source, and that it reads. */
  readonly arrivedPerSecond: number | null
  readonly readPerSecond: number | null
  readonly restarts: number | null
  readonly checkpoints: {
    readonly inProgress: number
    readonly completed: number
    readonly failed: number
    readonly lastAtMs: number | null
    readonly lastDurationMs: number | null
    readonly lastBytes: number | null
    readonly lastFailure: string | null
  }
  readonly sidecars: readonly SidecarShown[]
}

/** What changes slowly: sent once a second. */
export interface Overview {
  readonly atMs: number
  readonly pipeline: string
  readonly version: string
  readonly incarnation: string
  readonly bootEpoch: number
  /** Why nothing can be accepted, in words; null while something can. */
  readonly unready: string | null
  /** Why requests are refused for now, in words; null while they are not. */
  readonly refusal: string | null
  readonly mode: 'auto' | 'always' | 'never'
  readonly policy: string
  readonly bursting: boolean
  /** What the policy has in mind, and why the last envelope went where it went. */
  readonly reason: string
  readonly routeReason: string
  readonly latencyTargetMs: number
  readonly limitMs: number
  readonly events: {
    readonly accepted: number
    readonly edge: number
    readonly burst: number
    readonly deadLettered: number
    readonly late: number
    readonly rejected: number
    readonly pending: number
  }
  readonly windows: {
    readonly open: number
    readonly closing: number
    readonly finalizing: number
    readonly final: number
    readonly withBurst: number
  }
  /** How long results are kept, in words. */
  readonly retention: string
  readonly processingDelayMs: Quantiles
  /**
   * Events that died within the last minute, and what most of them died of, such as `map failed at pipelines/x.ts:12`;
   * null where none did. Absent where it is not known.
   */
  readonly dying?: { readonly events: number; readonly most: string | null }
  /** For how long more than one event in a hundred has been over the target; 0: not now. */
  readonly overTargetForMs: number
  readonly windowLatencyMs: Quantiles
  readonly cloud: {
    /** There is none, as it is set: above its capacity the node refuses. Absent where there is one. */
    readonly none?: boolean
    /** Why nothing can be sent, in words; null while something can. */
    readonly away: string | null
    readonly shards: number
    readonly parallelization: number
    readonly laneRate: number
    readonly inFlightEnvelopes: number
    readonly inFlightEvents: number
    readonly inFlightBytes: number
    readonly throttled: number
    /** The most that the cloud takes, learned from throttles; null while it has no known end. */
    readonly ceilingRate: number | null
    /** Thread time that sending an event away costs, and that folding it costs, in microseconds; 0 while unknown. */
    readonly divertUs: number
    readonly foldUs: number
    /** From the put to the partial; null where it is not measured. */
    readonly latencyMs: Quantiles | null
    /** In the order of the way, from the arrival of the first event on. */
    readonly parts: readonly BurstPartShown[]
    readonly iteratorAgeMs: number | null
    /** Whether it is wide enough, in words. */
    readonly capacity: string
    /** What is too narrow of it. */
    readonly bottleneck: 'enough' | 'lanes' | 'shards' | 'functions' | 'unknown'
    readonly invocations: number
    readonly records: number
  }
  readonly cost: {
    readonly usd: number
    readonly lastHourUsd: number
    readonly maxUsdPerHour: number
    /** What the stream costs whether anything bursts or not. */
    readonly idleUsdPerHour: number
  }
  /** Only of the controller of a Flink job: what windows and results hold, the job's own sink has. */
  readonly job?: JobOverview
}

/** A change of mode, or an episode of bursting that nobody decided. */
export interface DecisionMade {
  readonly atMs: number
  readonly bursting: boolean
  readonly reason: string
  readonly facts: Readonly<Record<string, number | string>>
}

/** A window that takes events or waits for them. */
export interface UnfinishedWindow {
  readonly start: number
  readonly end: number
  readonly phase: 'open' | 'closing' | 'finalizing'
  readonly accepted: number
  /** Envelopes of it that are counted nowhere yet. */
  readonly waiting: number
}

/** A final window: accepted = edge + burst + deadLettered. */
export interface FinalWindow {
  readonly start: number
  readonly end: number
  readonly accepted: number
  readonly edge: number
  readonly burst: number
  readonly deadLettered: number
  readonly rows: number
}

/** Windows, newest first. */
export interface WindowsNow {
  readonly unfinished: readonly UnfinishedWindow[]
  readonly finals: readonly FinalWindow[]
}

/** `GET /v1/latest`: the newest final result of each key that has the text in it. */
export interface LatestAnswer {
  readonly rows: readonly {
    readonly start: number
    readonly end: number
    readonly row: Readonly<Record<string, unknown>>
  }[]
  /** Keys that were found, of which `rows` has the first. */
  readonly found: number
  /** Final windows that were looked through. */
  readonly windows: number
}

/** An event that could not be folded. */
export interface DeadLetterShown {
  readonly id: string
  readonly timestampMs: number
  readonly code: string
  readonly reason: string
  readonly line: string
}

/** `GET /v1/dead-letters/newest`, newest first. */
export interface NewestDeadLetters {
  readonly deadLetters: readonly DeadLetterShown[]
}

/** The server-sent events of `GET /v1/live`, by name. */
export interface FeedEvents {
  readonly fields: readonly SampleField[]
  readonly sample: Sample
  readonly overview: Overview
  readonly decisions: readonly DecisionMade[]
  readonly windows: WindowsNow
}
