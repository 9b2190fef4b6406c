import { DiagLogLevel, diag } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import {
  AlwaysOnSampler,
  BasicTracerProvider,
  BatchSpanProcessor,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-node'
import { ATTR_SERVICE_INSTANCE_ID, ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from '@opentelemetry/semantic-conventions'
import type { Logger } from 'pino'
import { OWN_VERSION } from '../../../program/own-process'
import { EnvelopeTrace } from './envelope-trace'
import { DerivedIds } from './ids'
import type { Tracing, TracingOptions } from './tracing'

const EXPORT_TIMEOUT_MS = 5_000
const STOP_MS = 1_000 // a collector that does not answer must not hold up the end
const REPORT_EVERY_MS = 60_000 // a collector that is away is one thing to know, not one every five seconds

/** Traces that are sent to a collector in the background; what it does not take in time is dropped. */
export function otlpTracing(options: TracingOptions): Tracing {
  report(options.logger.child({ component: 'traces' }))
  const { otelEndpoint } = options.config
  const url = otelEndpoint === undefined ? {} : { url: `${otelEndpoint.replace(/\/$/, '')}/v1/traces` }
  const exporter = new OTLPTraceExporter({ ...url, timeoutMillis: EXPORT_TIMEOUT_MS })
  return tracingTo(new BatchSpanProcessor(exporter, { exportTimeoutMillis: EXPORT_TIMEOUT_MS }), options)
}

/** The same to any receiver of spans. */
export function tracingTo(processor: SpanProcessor, options: TracingOptions): Tracing {
  const { config, incarnation, clock } = options
  const idGenerator = new DerivedIds()
  const sampler = new AlwaysOnSampler() // which envelopes are traced is decided before
  const resource = resourceOf(options)
  const provider = new BasicTracerProvider({ resource, sampler, idGenerator, spanProcessors: [processor] })
  const tracer = provider.getTracer('spillway', OWN_VERSION)
  return {
    trace: new EnvelopeTrace({ tracer, ids: idGenerator, incarnation, share: config.traceShare, clock }),
    stop: () =>
      new Promise((resolve) => {
        const cancel = clock.after(STOP_MS, resolve)
        const ended = () => resolve(cancel())
        provider.shutdown().then(ended, ended)
      }),
  }
}

/** OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win over what the node says of itself. */
function resourceOf({ pipeline, version, incarnation }: TracingOptions) {
  return resourceFromAttributes({
    [ATTR_SERVICE_NAME]: 'spillway',
    [ATTR_SERVICE_VERSION]: OWN_VERSION,
    [ATTR_SERVICE_INSTANCE_ID]: incarnation,
    'spillway.pipeline': pipeline,
    'spillway.pipeline_version': version,
  }).merge(detectResources({ detectors: [envDetector] }))
}

/** OpenTelemetry tells of failures through a global; without this nobody hears them. */
function report(logger: Logger): void {
  let saidAtMs = Number.NEGATIVE_INFINITY
  const say = (message: string) => {
    if (performance.now() - saidAtMs < REPORT_EVERY_MS) return
    saidAtMs = performance.now()
    logger.warn({ error: message.slice(0, 300) }, 'traces cannot be sent')
  }
  const silent = () => {}
  diag.setLogger({ error: say, warn: say, info: silent, debug: silent, verbose: silent }, DiagLogLevel.WARN)
}
