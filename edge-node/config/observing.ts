import { isPlainAddress } from './addresses'
import { decimal, text } from './fields'

/** Where traces go. Metrics are always there: reading them costs when they are read. */
export const observingFields = {
  otelEndpoint: text('an address of an OTLP collector')
    .refine(isPlainAddress, {
      error: 'an http or https address without user, password and query, such as http://127.0.0.1:4318',
    })
    .optional()
    .describe(
      'collector that traces of envelopes are sent to by OTLP over HTTP; default: OTEL_EXPORTER_OTLP_ENDPOINT, and without it no traces',
    ),
  traceShare: decimal({ min: 0, max: 1 })
    .default(0.05)
    .describe('share of the envelopes that are traced, while traces are on; each makes about eight spans'),
}
