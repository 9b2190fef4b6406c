import { choice, DAY_MS, decimal, GiB, MiB, text, wholeNumber } from './fields'

/** What this process runs, and where it keeps it. */
export const processFields = {
  pipeline: text('the name of a pipeline')
    .default('bids')
    .describe('name of the pipeline to run, from pipelines/registry.ts'),
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
