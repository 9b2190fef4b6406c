import { createHash, randomBytes } from 'node:crypto'

/** Gives a tracer ids: random ones, but the ones it is told for a span made meanwhile. */
export class DerivedIds {
  private told: TraceIds | null = null

  /** Spans made in `make`, which waits for nothing, get these ids. */
  with<T>(ids: TraceIds, make: () => T): T {
    this.told = ids
    try {
      return make()
    } finally {
      this.told = null
    }
  }

  readonly generateTraceId = (): string => this.told?.traceId ?? randomBytes(16).toString('hex')
  readonly generateSpanId = (): string => this.told?.rootSpanId ?? randomBytes(8).toString('hex')
}

/**
 * Where the spans of an envelope belong: its trace, and the span over all others of it. In hex, as OpenTelemetry has
 * them.
 */
export interface TraceIds {
  readonly traceId: string
  readonly rootSpanId: string
}

/**
 * The trace of an envelope, by its name: nothing travels with it, and whoever knows the name finds the trace, also
 * after a restart. Both ids have bits that are set, but for a chance of 2^-64.
 */
export function traceIdsOf(incarnation: string, number: number): TraceIds {
  const hex = createHash('sha256').update(`${incarnation}-${number}`).digest('hex')
  return { traceId: hex.slice(0, 32), rootSpanId: hex.slice(32, 48) }
}

const GOLDEN = 0.6180339887498949 // its multiples spread evenly, in any run of numbers

/**
 * Whether an envelope is among the share of them that is traced; the same at each of its steps, and after a restart.
 */
export const isSampled = (number: number, share: number): boolean => share >= 1 || (number * GOLDEN) % 1 < share
