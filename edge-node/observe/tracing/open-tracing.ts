import { optional } from '../../../program/optional'
import { NO_TRACE } from '../observe'
import type { Tracing, TracingOptions } from './tracing'

const OFF: Tracing = { trace: NO_TRACE, stop: async () => {} }

/** Few nodes are traced, and these packages are as large as all the others of the node together. */
const PACKAGES = [
  ...['@opentelemetry/api', '@opentelemetry/exporter-trace-otlp-http', '@opentelemetry/resources'],
  ...['@opentelemetry/sdk-trace-node', '@opentelemetry/semantic-conventions'],
]

/**
 * Traces where the configuration, or the standard variables of OpenTelemetry, name a collector; else nothing of it is
 * even loaded. Rejects with NotInstalled where they are asked for and their packages are not there.
 */
export async function openTracing(options: TracingOptions, env: NodeJS.ProcessEnv): Promise<Tracing> {
  if (!isAsked(options.config.otelEndpoint, env) || options.config.traceShare === 0) return OFF
  const { otlpTracing } = optional(
    'traces need',
    PACKAGES,
    () => require('./otlp-tracing') as typeof import('./otlp-tracing'),
  )
  return otlpTracing(options)
}

function isAsked(endpoint: string | undefined, env: NodeJS.ProcessEnv): boolean {
  if (env.OTEL_SDK_DISABLED?.toLowerCase() === 'true' || env.OTEL_TRACES_EXPORTER === 'none') return false
  return [endpoint, env.OTEL_EXPORTER_OTLP_ENDPOINT, env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT].some(Boolean)
}
