import { isPlainAddress } from './addresses'
import { choice, DAY_MS, decimal, GiB, MiB, text, wholeNumber } from './fields'

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

/** What this process runs, and where it keeps it. */
export const processFields = {
  pipeline: text('the name or the file of a pipeline')
    .default('bids')
    .describe('pipeline to run: the name of a file in the folder pipelines, or the path of a file'),
  dataDir: text('a folder').default('.spillway/data').describe('folder of the log and the results'),
  workers: wholeNumber({ min: 1, max: 64 })
    .default(2)
    .describe('envelopes folded side by side; two, so that one begins while the other waits for its last answers'),
  checkpointEveryMs: wholeNumber({ min: 100, max: 30 * DAY_MS }) // the log is cut off at checkpoints alone: it takes disk
    .default(10_000)
    .describe('time between checkpoints: a restart reads only the log since the last one'),
  reservedDiskBytes: wholeNumber({ min: 0 })
    .default(64 * MiB)
    .describe('room kept free on the disk: below it nothing is accepted, so that windows can still be finished'),
  retentionHours: decimal({ min: 0.01 })
    .default(7 * 24)
    .describe(
      'how long results, their records, dead letters and corrections are kept, 7 days unless set: until they are read',
    ),
  retentionBytes: wholeNumber({ min: 1024 })
    .default(4 * GiB)
    .describe(
      'most bytes of results, and as many of dead letters: a week of 10 s windows of 2,000 keys; the oldest go first',
    ),
  logLevel: choice(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('least level that is logged; no level logs the contents of events'),
}
