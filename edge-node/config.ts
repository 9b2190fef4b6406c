import { z } from 'zod'

const KiB = 1024
const MiB = 1024 * KiB

/** Everything that can be set, with its default and the reason for it. Times in ms, sizes in bytes. */
export const configSchema = z.object({
  pipeline: z.string().default('bids').describe('name of the pipeline to run, from pipelines/registry.ts'),
  host: z.string().default('127.0.0.1').describe('address to listen on; loopback, since nothing asks who is calling'),
  port: z.coerce.number().int().min(0).max(65_535).default(7070).describe('port to listen on; 0 takes a free one'),
  dataDir: z.string().default('.spillway/data').describe('folder of the log and the results'),
  stack: z.string().default('spillway-dev').describe('CloudFormation stack with the cloud half, as made by sls deploy'),
  mode: z.enum(['auto', 'always', 'never']).default('auto').describe('when to burst'),
  workers: z.coerce
    .number()
    .int()
    .min(1)
    .max(64)
    .default(2)
    .describe('envelopes folded side by side; two, so that one begins while the other waits for its last answers'),
  maxQueueDelayMs: z.coerce
    .number()
    .min(1)
    .default(500)
    .describe('queue delay above which envelopes burst; half of a latency target of 1 s'),
  releaseShare: z.coerce
    .number()
    .min(0)
    .max(1)
    .default(0.8)
    .describe('share of that limit below which bursting stops, so that it does not flutter'),
  prewarmShare: z.coerce
    .number()
    .min(0)
    .max(1)
    .default(0.2)
    .describe(
      'share of that limit at which functions are started ahead of work; their cold start then overlaps the wait',
    ),
  edgeLingerMs: z.coerce
    .number()
    .min(0)
    .default(10)
    .describe('how long an envelope waits for more events at the edge; short, a cut costs little'),
  burstLingerMs: z.coerce
    .number()
    .min(0)
    .default(60)
    .describe('the same while bursting; longer, since each envelope costs a write in the cloud'),
  maxEnvelopeBytes: z.coerce
    .number()
    .int()
    .min(1024)
    .max(320 * KiB)
    .default(256 * 1024)
    .describe('raw lines in one envelope: well within a Kinesis record of 1 MiB'),
  maxBacklogBytes: z.coerce
    .number()
    .int()
    .min(1024)
    .default(64 * MiB)
    .describe('raw lines waiting at the edge before it refuses: they are in memory'),
  maxInFlightEnvelopes: z.coerce
    .number()
    .int()
    .min(1)
    .default(2_000)
    .describe('envelopes in the cloud without a head: each is asked after several times a second'),
  maxInFlightBytes: z.coerce
    .number()
    .int()
    .min(1024)
    .default(256 * MiB)
    .describe('raw lines in the cloud without a head: kept in memory for a reclaim'),
  reclaimAfterMs: z.coerce
    .number()
    .int()
    .min(1_000)
    .default(30_000)
    .describe('how long the cloud may take for an envelope before the edge folds it'),
  headPollMs: z.coerce
    .number()
    .int()
    .min(10)
    .default(150)
    .describe('how often finished envelopes are asked for while any are in flight'),
  idleTimeoutMs: z.coerce
    .number()
    .int()
    .min(100)
    .default(5_000)
    .describe('time without requests after which windows that are past by the clock close'),
  checkpointEveryMs: z.coerce
    .number()
    .int()
    .min(100)
    .default(10_000)
    .describe('time between checkpoints: a restart reads only the log since the last one'),
  maxFutureSkewMs: z.coerce
    .number()
    .int()
    .min(0)
    .default(60_000)
    .describe('how far ahead of the clock a timestamp may be: one wrong clock must not close all windows'),
  reservedDiskBytes: z.coerce
    .number()
    .int()
    .min(0)
    .default(64 * MiB)
    .describe('room kept free on the disk: below it nothing is accepted, so that windows can still be finished'),
  maxBodyBytes: z.coerce
    .number()
    .int()
    .min(1024)
    .max(128 * MiB)
    .default(16 * MiB)
    .describe('size of a request, unpacked'),
  maxRequestLines: z.coerce
    .number()
    .int()
    .min(1)
    .max(100_000)
    .default(20_000)
    .describe('lines in a request: an answer may have to name each of them, and is remembered'),
  maxLineBytes: z.coerce
    .number()
    .int()
    .min(64)
    .max(320 * KiB)
    .default(128 * 1024)
    .describe('size of an event: half an envelope at most'),
  maxAnswers: z.coerce
    .number()
    .int()
    .min(1)
    .default(50_000)
    .describe('idempotency keys remembered; they are in each checkpoint'),
  maxOpenPanes: z.coerce
    .number()
    .int()
    .min(1)
    .default(10_000)
    .describe('panes with events at once: each has its groups in memory'),
  maxGroups: z.coerce
    .number()
    .int()
    .min(1)
    .max(2_000_000)
    .default(1_000_000)
    .describe('keys held over all open panes at the edge before it refuses'),
})

export type Config = z.infer<typeof configSchema>
