/** What a run used, in the units that AWS bills. */
export interface Usage {
  readonly kinesisRecords: number
  readonly kinesisBytes: number
  /** Payload units of 25 KB, counted record by record. */
  readonly kinesisPutUnits: number
  /** Bytes that were pushed to a consumer. */
  readonly kinesisPushedBytes: number
  readonly lambdaInvocations: number
  readonly lambdaGbSeconds: number
  /** Of starting function instances: the init phase, billed like the rest since August 2025. */
  readonly lambdaInitGbSeconds: number
  /** Of 4 KB begun, strongly consistent. */
  readonly readUnits: number
  /** Of 1 KB begun. */
  readonly writeUnits: number
  /** Bytes that left AWS for the edge: heads, partials and results that it read. What it sends in is free. */
  readonly bytesOut: number
}

export const zeroUsage = (): Usage => ({
  kinesisRecords: 0,
  kinesisBytes: 0,
  kinesisPutUnits: 0,
  kinesisPushedBytes: 0,
  lambdaInvocations: 0,
  lambdaGbSeconds: 0,
  lambdaInitGbSeconds: 0,
  readUnits: 0,
  writeUnits: 0,
  bytesOut: 0,
})

const GB = 1024 * 1024 * 1024 // as AWS counts them

/**
 * US dollars, on-demand, Lambda on arm64, as listed; check before quoting. Free tiers are left out (they are of the
 * account, not of the run), and so are storage (partials expire within the day) and logs.
 */
export const PRICES = {
  region: 'us-east-1',
  asOf: '2026-11',
  kinesisShardHour: 0.015,
  kinesisPutUnit: 0.014 / 1e6,
  /** Enhanced fan-out: a consumer of a shard, and what is pushed to it. */
  kinesisConsumerShardHour: 0.015,
  kinesisPushedByte: 0.013 / GB,
  /** A stream in on-demand mode, instead of shards and put units. */
  kinesisOnDemandHour: 0.04,
  kinesisOnDemandByteIn: 0.08 / GB,
  kinesisOnDemandByteRead: 0.04 / GB,
  kinesisOnDemandBytePushed: 0.05 / GB,
  lambdaRequest: 0.2 / 1e6,
  lambdaGbSecond: 0.0000133334,
  dynamoWriteUnit: 0.625 / 1e6,
  dynamoReadUnit: 0.125 / 1e6,
  /** To the internet, the first 10 TB a month. */
  byteOut: 0.09 / GB,
} as const

/**
 * The machine that provisioning is compared with: one has the capacity of the edge, whatever that is, and its price is
 * for an hour.
 */
export const BASE_MACHINE = { type: 'c7g.medium', vcpus: 1, memoryGib: 2, usdPerHour: 0.0363 } as const

/** One line of the bill. */
export interface UsageLine {
  readonly item: string
  readonly amount: number
  readonly unit: string
  readonly usd: number
}

interface Billed {
  readonly of: keyof Usage
  readonly item: string
  readonly unit: string
  readonly usd: number
}

const BILLED: readonly Billed[] = [
  { of: 'kinesisPutUnits', item: 'Kinesis PUT payload units', unit: 'units of 25 KB', usd: PRICES.kinesisPutUnit },
  { of: 'kinesisPushedBytes', item: 'Kinesis enhanced fan-out', unit: 'bytes', usd: PRICES.kinesisPushedByte },
  { of: 'lambdaInvocations', item: 'Lambda requests', unit: 'requests', usd: PRICES.lambdaRequest },
  { of: 'lambdaGbSeconds', item: 'Lambda duration', unit: 'GB-s', usd: PRICES.lambdaGbSecond },
  { of: 'lambdaInitGbSeconds', item: 'Lambda init', unit: 'GB-s', usd: PRICES.lambdaGbSecond },
  { of: 'writeUnits', item: 'DynamoDB writes', unit: 'units of 1 KB', usd: PRICES.dynamoWriteUnit },
  { of: 'readUnits', item: 'DynamoDB reads', unit: 'units of 4 KB', usd: PRICES.dynamoReadUnit },
  { of: 'bytesOut', item: 'Data transfer out', unit: 'bytes', usd: PRICES.byteOut },
]

/** The bill for what was used, item by item. */
export const usageLines = (usage: Usage): UsageLine[] =>
  BILLED.map(({ of, item, unit, usd }) => ({ item, amount: usage[of], unit, usd: usage[of] * usd }))

/**
 * Dollars for what was used. The shards of a provisioned stream are billed by the hour also when idle; see
 * `idleUsdPerHour`.
 */
export const usageUsd = (usage: Usage): number => BILLED.reduce((sum, { of, usd }) => sum + usage[of] * usd, 0)

/** Dollars an hour for a provisioned stream of so many shards and its consumer, whether anything bursts or not. */
export const idleUsdPerHour = (shards: number, consumer: Consumer): number =>
  shards * (PRICES.kinesisShardHour + (consumer === 'fan-out' ? PRICES.kinesisConsumerShardHour : 0))

/**
 * Dollars that a stream in on-demand mode would have cost in so many hours, in the place of shard hours, put units and
 * what is pushed. Each record counts as a KB begun, at most a KB more than it has.
 */
export function onDemandStreamUsd(usage: Usage, hours: number): number {
  const { kinesisBytes, kinesisRecords, kinesisPushedBytes } = usage
  const { kinesisOnDemandHour, kinesisOnDemandByteIn, kinesisOnDemandByteRead, kinesisOnDemandBytePushed } = PRICES
  const read = (kinesisBytes - kinesisPushedBytes) * kinesisOnDemandByteRead
  const bytesIn = kinesisBytes + kinesisRecords * 1024
  return (
    hours * kinesisOnDemandHour +
    bytesIn * kinesisOnDemandByteIn +
    read +
    kinesisPushedBytes * kinesisOnDemandBytePushed
  )
}

/** Dollars for so many base machines in so many hours. */
export const machinesUsd = (machines: number, hours: number): number => machines * hours * BASE_MACHINE.usdPerHour

/** Payload units of a Kinesis record: 25 KB each, rounded up. */
export const putUnitsOf = (bytes: number): number => Math.ceil(bytes / (25 * 1024))

/** GB-seconds of a function of so many MB. */
export const gbSeconds = (ms: number, memoryMb: number): number => (ms / 1000) * (memoryMb / 1024)

/** Dollars for a million events, when so many events used this. 0 for none. */
export const usdPerMillionEvents = (usage: Usage, events: number): number =>
  events > 0 ? (usageUsd(usage) / events) * 1e6 : 0

/**
 * How records of the stream reach the functions: pushed to a consumer of its own (enhanced fan-out), or by looking,
 * once a second while nothing comes.
 */
export type Consumer = 'fan-out' | 'standard'
