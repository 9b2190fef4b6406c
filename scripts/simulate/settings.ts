import { BASE_MACHINE, type Consumer } from '../../core/control/cost'
import { configSchema } from '../../edge-node/config/config'
import type { Sizes } from './model/item-sizes'

/**
 * What the model takes for granted about everything that it does not decide itself. Times in ms, rates in events per
 * second. The report repeats all of it under `assumptions`.
 */
export interface Assumptions {
  /** What one base machine folds; they are bought by the fraction. */
  readonly machineRate: number
  readonly machineUsdPerHour: number
  /** What one function instance folds: by default as much as a base machine, as work does that mostly waits. */
  readonly laneRate: number
  readonly eventBytes: number
  /** The same, compressed, on the stream. */
  readonly sealedEventBytes: number
  /** From the scheduled send until an event is in the log: batching, HTTP, the flush. */
  readonly ingestMs: number
  /** Thread time that sending an event to the cloud takes. */
  readonly divertUs: number
  /** PutRecords, the call of a function without its work, writing a partial with its head, reading heads. */
  readonly putMs: number
  readonly invokeMs: number
  readonly writeMs: number
  readonly headReadMs: number
  /** How long a shard's poller waits after a read that was empty. */
  readonly pollIntervalMs: number
  /** How long a record is on its way to a consumer. */
  readonly pushMs: number
  /** Between two reads of a shard that bring records: it allows five a second. */
  readonly readPauseMs: number
  readonly batchSize: number
  readonly coldStartMs: number
  /** An idle instance is gone after so long, unless it is kept warm. */
  readonly idleInstanceMs: number
  readonly maxInstances: number
  readonly newInstancesPer10s: number
  readonly memoryMb: number
  readonly shardBytesPerSecond: number
  readonly shardRecordsPerSecond: number
  /** A partial in the table, of an envelope with its head or of what the edge has of a window. */
  readonly partialBytes: Sizes
  /** The rows of a window. */
  readonly rowsBytes: Sizes
  /** Merging a window of this length that has burst takes one call. */
  readonly windowMs: number
  readonly mergeMs: number
}

/** What was chosen for a run besides the policy. */
export interface Cloud {
  readonly transport: 'kinesis' | 'invoke'
  readonly consumer: Consumer
  readonly stream: 'provisioned' | 'on-demand'
  readonly shards: number
  readonly parallelization: number
}

/** Functions that can work side by side: by invoke, `parallelization` is how many are called. */
export const lanesOf = ({ transport, shards, parallelization }: Cloud): number =>
  transport === 'kinesis' ? shards * parallelization : parallelization

/** The node's own settings. */
export const NODE = configSchema.parse({})

/** From runs of `spillway start` (bids, two cores) where AWS does not say otherwise. */
export const ASSUMPTIONS = {
  machineUsdPerHour: BASE_MACHINE.usdPerHour,
  eventBytes: 128,
  sealedEventBytes: 22.5,
  ingestMs: 10,
  divertUs: 1.5,
  putMs: 15,
  invokeMs: 10,
  writeMs: 10,
  headReadMs: 10,
  pollIntervalMs: 1_000,
  pushMs: 70,
  readPauseMs: 200,
  batchSize: 10,
  coldStartMs: 400,
  idleInstanceMs: 300_000,
  maxInstances: 1_000,
  newInstancesPer10s: 1_000,
  memoryMb: 1_024,
  shardBytesPerSecond: 1024 * 1024,
  shardRecordsPerSecond: 1_000,
  // Bids of a thousand auctions: test/scripts/simulate/item-sizes.test.ts makes such partials and rows.
  partialBytes: [
    [0, 340],
    [128, 2_900],
    [512, 8_180],
    [2_048, 24_700],
    [20_000, 105_000],
    [80_000, 243_000],
    [300_000, 549_000],
    [1_000_000, 1_127_000],
  ],
  rowsBytes: [
    [0, 200],
    [500, 6_360],
    [2_000, 17_000],
    [10_000, 34_700],
    [1_000_000, 36_500],
  ],
  windowMs: 10_000,
  mergeMs: 200,
} as const
