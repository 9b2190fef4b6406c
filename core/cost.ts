/** What a run used, in the units that AWS bills. */
export interface Usage {
  readonly kinesisRecords: number
  readonly kinesisBytes: number
  /** Payload units of 25 KB, counted record by record. */
  readonly kinesisPutUnits: number
  readonly lambdaInvocations: number
  readonly lambdaGbSeconds: number
  readonly readUnits: number
  readonly writeUnits: number
}

export const zeroUsage = (): Usage => ({
  kinesisRecords: 0,
  kinesisBytes: 0,
  kinesisPutUnits: 0,
  lambdaInvocations: 0,
  lambdaGbSeconds: 0,
  readUnits: 0,
  writeUnits: 0,
})

/** US dollars, us-east-1, on-demand, arm64, as listed in November 2026; check before quoting. */
export const PRICES = {
  kinesisShardHour: 0.015,
  kinesisPutUnit: 0.014 / 1e6,
  lambdaRequest: 0.2 / 1e6,
  lambdaGbSecond: 0.0000133334,
  dynamoWriteUnit: 0.625 / 1e6,
  dynamoReadUnit: 0.125 / 1e6,
} as const

/** Dollars for what was used. The shards of a provisioned stream are billed by the hour also when idle; see `idleUsdPerHour`. */
export function usageUsd(usage: Usage): number {
  return (
    usage.kinesisPutUnits * PRICES.kinesisPutUnit +
    usage.lambdaInvocations * PRICES.lambdaRequest +
    usage.lambdaGbSeconds * PRICES.lambdaGbSecond +
    usage.writeUnits * PRICES.dynamoWriteUnit +
    usage.readUnits * PRICES.dynamoReadUnit
  )
}

/** Dollars an hour for a provisioned stream of so many shards, whether anything bursts or not. */
export const idleUsdPerHour = (shards: number): number => shards * PRICES.kinesisShardHour
