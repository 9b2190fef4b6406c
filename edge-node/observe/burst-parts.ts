import type { Work } from '../../core/protocol/protocol'
import type { Config } from '../config/config'
import type { Clock } from './clock'
import type { BucketCounts } from './histogram'
import { DurationHistogram, type Percentiles } from './histogram'
import type { Step, Trace } from './observe'

/** The parts of the way of an envelope that bursts, in their order; together they are all of it. */
export const BURST_PARTS = ['linger', 'turn', 'put', 'lane', 'fold', 'read'] as const

export type BurstPart = (typeof BURST_PARTS)[number]

/** How long a part takes, in ms, and what it is. */
export interface PartOfBurst extends Percentiles {
  readonly part: BurstPart
  readonly inWords: string
}

const SAME_IN_WORDS = {
  linger: 'from its first event until it is cut',
  turn: 'until it is in the log and sent',
  fold: 'until the function has folded it',
  read: 'until this node sees its head',
} as const
const IN_WORDS: Readonly<Record<Config['transport'], Readonly<Record<BurstPart, string>>>> = {
  kinesis: {
    ...SAME_IN_WORDS,
    put: 'until the stream has it',
    lane: 'until a function begins it',
  },
  invoke: {
    ...SAME_IN_WORDS,
    put: 'until a call is free for it',
    lane: 'the call but for the folding',
  },
}

/** What this node saw of an envelope on its way, by its monotonic clock. */
export interface Way {
  /** null where the arrival is not known. */
  readonly lingerMs: number | null
  readonly cutMs: number
  readonly sentMs: number
  /** The stream, or a call, had it; absent where the head was seen sooner than that was known. */
  readonly putMs?: number
  /** The call was answered; absent where envelopes go through the stream, or the answer was lost. */
  readonly answeredMs?: number
}

/**
 * Pure: what each part took of an envelope whose head was seen at `headSeenMs`. The clock of a function is never
 * compared with the one here: its head has durations. Without the one that says how long it waited (an older function),
 * `lane` is all that is left, and there is no `read`.
 */
export function partsOf(way: Way, work: Work, headSeenMs: number): Partial<Record<BurstPart, number>> {
  const { lingerMs, cutMs, sentMs, answeredMs } = way
  const putMs = way.putMs ?? sentMs
  const cloudMs = headSeenMs - putMs
  const fold = within(work.ms, cloudMs)
  const lane = answeredMs === undefined ? work.waitMs : answeredMs - putMs - fold
  const restMs = cloudMs - fold
  return {
    ...(lingerMs !== null && { linger: lingerMs }),
    turn: sentMs - cutMs,
    put: putMs - sentMs,
    lane: within(lane ?? restMs, restMs),
    fold,
    ...(lane !== undefined && { read: restMs - within(lane, restMs) }),
  }
}

const within = (ms: number, mostMs: number) => Math.max(0, Math.min(ms, mostMs))

const MAX_FOLLOWED = 10_000 // envelopes followed at once, at the edge and in the cloud: about a megabyte

/** Where the time of envelopes that burst goes. Those that are folded at the edge, or come back to it, do not count. */
export class BurstParts implements Pick<Trace, 'envelope'> {
  private readonly ways = new Map<number, Omit<Way, 'sentMs'> & { readonly sentMs?: number }>()
  private readonly durations = perPart(() => new DurationHistogram())

  constructor(
    private readonly transport: Config['transport'],
    private readonly clock: Pick<Clock, 'epochMs' | 'monotonicMs'>,
  ) {}

  envelope(number: number, step: Step): void {
    const nowMs = this.clock.monotonicMs()
    switch (step.kind) {
      case 'cut':
        this.begin(number, step, nowMs)
        return
      case 'sent':
        this.note(number, { sentMs: nowMs })
        return
      case 'put':
        this.note(number, { putMs: nowMs })
        return
      case 'answered':
        this.note(number, { answeredMs: nowMs })
        return
      case 'headSeen':
        this.record(number, step.work, nowMs)
        this.ways.delete(number)
        return
      case 'folded':
      case 'reclaimed':
        this.ways.delete(number)
        return
      case 'durable':
      case 'folding':
        return
    }
  }

  /** In their order. All 0 before anything came back from the cloud. */
  all(): PartOfBurst[] {
    const inWords = IN_WORDS[this.transport]
    return BURST_PARTS.map((part) => ({ part, inWords: inWords[part], ...this.durations[part].percentiles() }))
  }

  bucketCounts(): Readonly<Record<BurstPart, BucketCounts>> {
    return perPart((part) => this.durations[part].bucketCounts())
  }

  private begin(number: number, { arrivedMs }: Extract<Step, { kind: 'cut' }>, nowMs: number): void {
    if (this.ways.size >= MAX_FOLLOWED) return
    const lingerMs = arrivedMs === null ? null : this.clock.epochMs() - arrivedMs
    this.ways.set(number, { lingerMs, cutMs: nowMs })
  }

  private note(number: number, seen: Partial<Way>): void {
    const way = this.ways.get(number)
    if (way !== undefined) this.ways.set(number, { ...way, ...seen })
  }

  private record(number: number, work: Work, nowMs: number): void {
    const way = this.ways.get(number)
    if (way?.sentMs === undefined) return
    const parts = partsOf({ ...way, sentMs: way.sentMs }, work, nowMs)
    for (const part of BURST_PARTS) if (parts[part] !== undefined) this.durations[part].record(parts[part])
  }
}

function perPart<Value>(of: (part: BurstPart) => Value): Record<BurstPart, Value> {
  return Object.fromEntries(BURST_PARTS.map((part) => [part, of(part)])) as Record<BurstPart, Value>
}
