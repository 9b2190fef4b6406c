import { kinesisLimits } from './limits'

/** A tank that fills at a steady rate: how AWS describes the write capacity of a shard. */
interface Tank {
  readonly level: number
  readonly atMs: number
}

/** A tank holds one second of its rate, so a burst after a pause is at most that. */
function levelAt(tank: Tank, perSecond: number, now: number): number {
  const elapsedMs = Math.max(0, now - tank.atMs)
  return Math.min(perSecond, tank.level + (perSecond * elapsedMs) / 1000)
}

function draw(tank: Tank, perSecond: number, amount: number, now: number): Tank | undefined {
  const level = levelAt(tank, perSecond, now)
  return level >= amount ? { level: level - amount, atMs: Math.max(now, tank.atMs) } : undefined
}

/** What a shard may still take in: 1 MiB/s and 1,000 records/s. */
export interface WriteAllowance {
  readonly bytes: Tank
  readonly records: Tank
}

export function freshWriteAllowance(now: number): WriteAllowance {
  return {
    bytes: { level: kinesisLimits.shardWriteBytesPerSecond, atMs: now },
    records: { level: kinesisLimits.shardWriteRecordsPerSecond, atMs: now },
  }
}

/** The allowance after a record of `recordBytes`, or undefined when the shard must throttle it. */
export function spendWrite(allowance: WriteAllowance, recordBytes: number, now: number): WriteAllowance | undefined {
  const bytes = draw(allowance.bytes, kinesisLimits.shardWriteBytesPerSecond, recordBytes, now)
  const records = draw(allowance.records, kinesisLimits.shardWriteRecordsPerSecond, 1, now)
  return bytes && records ? { bytes, records } : undefined
}

/** What a shard may still give to GetRecords: 5 calls/s and 2 MiB/s. */
export interface ReadAllowance {
  readonly calls: Tank
  /** Below 0 after a read of more than was left: a read is paid for after it was made, so that one of 10 MiB can be. */
  readonly bytes: Tank
  /** Who read more than the second allowed waits until all of it is paid for: 10 MiB take 5 s, as documented. */
  readonly blockedUntilMs: number
}

export function freshReadAllowance(now: number): ReadAllowance {
  return {
    calls: { level: kinesisLimits.shardReadCallsPerSecond, atMs: now },
    bytes: { level: kinesisLimits.shardReadBytesPerSecond, atMs: now },
    blockedUntilMs: now,
  }
}

/** The allowance after a call, or undefined when the shard must throttle it. */
export function spendRead(allowance: ReadAllowance, now: number): ReadAllowance | undefined {
  if (now < allowance.blockedUntilMs) return undefined
  const calls = draw(allowance.calls, kinesisLimits.shardReadCallsPerSecond, 1, now)
  return calls && { ...allowance, calls }
}

/** Charges what a call that was let through has read. */
export function chargeRead(allowance: ReadAllowance, bytes: number, now: number): ReadAllowance {
  const perSecond = kinesisLimits.shardReadBytesPerSecond
  const level = levelAt(allowance.bytes, perSecond, now) - bytes
  const blockedUntilMs = level > 0 ? now : now + (1000 * (perSecond - level)) / perSecond
  return { ...allowance, bytes: { level, atMs: now }, blockedUntilMs }
}
