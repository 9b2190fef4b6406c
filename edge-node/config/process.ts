import { choice, MiB, text, wholeNumber } from './fields'

/** What this process runs, and where it keeps it. */
export const processFields = {
  pipeline: text('the name of a pipeline')
    .default('bids')
    .describe('name of the pipeline to run, from pipelines/registry.ts'),
  dataDir: text('a folder').default('.spillway/data').describe('folder of the log and the results'),
  workers: wholeNumber({ min: 1, max: 64 })
    .default(2)
    .describe('envelopes folded side by side; two, so that one begins while the other waits for its last answers'),
  checkpointEveryMs: wholeNumber({ min: 100 })
    .default(10_000)
    .describe('time between checkpoints: a restart reads only the log since the last one'),
  reservedDiskBytes: wholeNumber({ min: 0 })
    .default(64 * MiB)
    .describe('room kept free on the disk: below it nothing is accepted, so that windows can still be finished'),
  logLevel: choice(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('least level that is logged; no level logs the contents of events'),
}
