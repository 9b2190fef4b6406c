// For: the ways of envelopes as traces.
// In: steps of envelopes.
// Out: spans for an OTLP collector; nothing where tracing is off.

import type { Logger } from 'pino'
import type { Clock } from '../clock'
import type { Trace } from '../observe'

/** Traces, and how to end them: what waits to be sent is sent, within a second. */
export interface Tracing {
  readonly trace: Trace
  stop(): Promise<void>
}

/** What traces say of the node, and where they go. */
export interface TracingOptions {
  readonly config: { readonly otelEndpoint?: string | undefined; readonly traceShare: number }
  readonly incarnation: string
  readonly pipeline: string
  readonly version: string
  readonly logger: Logger
  readonly clock: Clock
}
