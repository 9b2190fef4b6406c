import { randomBytes } from 'node:crypto'
import type { TraceIds } from './ids'

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
