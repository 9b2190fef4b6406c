/** AWS does not say which lane a key falls into. With four keys a lane, few lanes are left without a key. */
const KEYS_PER_LANE = 4
const ENVELOPE_MS = 10 // what a function needs for an envelope beside its events: the write of its head
const NEWEST_SHARE = 0.5 // of the newest wait in the average
const FORGOTTEN_AFTER_MS = 20_000 // a wait that nothing has renewed: a key that was slow is tried again by and by
const LEAST_GROWS_MS = 1 // an envelope, so that the least time is one of today

/** Where an envelope goes in the stream. */
export interface LaneKey {
  readonly partitionKey: string
  /** A number in the middle of its shard's part of the hashes, in decimal digits. */
  readonly explicitHashKey: string
  /** One of so many equal parts of the range of hashes as there are shards, from 0. */
  readonly shard: number
}

interface Shard {
  readonly keys: Key[]
  /** Work that was sent to it and is not finished. */
  workMs: number
}

interface Key extends LaneKey {
  readonly of: Shard
  /** As of the shard. */
  workMs: number
  /** How much longer than others its envelopes took; a moving average. */
  waitMs: number
  measuredAtMs: number
}

interface Sent {
  readonly key: Key
  readonly atMs: number
  readonly workMs: number
  /** Work of its key that is not finished, its own included. It says how long the envelope should take. */
  readonly queuedMs: number
}

/**
 * Chooses partition keys so that each envelope joins the lane with the least work. The order of envelopes does not
 * matter, so any key will do. The shard of a key is known. Which keys of a shard share a lane is not: it shows in how
 * much longer their envelopes take than their work explains. Measured in docs/explanation/controller.md, "Lanes".
 */
export class LaneKeys {
  private shards: readonly Shard[] = []
  private lanes = ''
  /** By number of the envelope. */
  private readonly sent = new Map<number, Sent>()
  private turn = 0
  /** The way there and back of an envelope that waits for none. */
  private leastMs = Number.POSITIVE_INFINITY

  /** The mapping has so many lanes from now on: each shard gets so many. */
  resize(shards: number, parallelization: number): void {
    const lanes = `${shards} x ${parallelization}`
    if (lanes === this.lanes) return
    this.lanes = lanes
    const count = parallelization <= 1 ? 1 : parallelization * KEYS_PER_LANE
    const parts = Math.max(1, shards)
    this.shards = Array.from({ length: parts }, (_, shard) => keysOf(shard, parts, count))
  }

  /** The key for an envelope whose events take a function `foldMs`. */
  choose(number: number, foldMs: number, nowMs: number): LaneKey {
    const key = this.shortest(nowMs)
    const workMs = foldMs + ENVELOPE_MS
    key.workMs += workMs
    key.of.workMs += workMs
    this.sent.set(number, { key, atMs: nowMs, workMs, queuedMs: key.workMs })
    return key
  }

  /** The envelope is finished, as is known now. */
  finished(number: number, nowMs: number): void {
    const sent = this.left(number)
    if (sent === undefined) return
    const { key, atMs, queuedMs } = sent
    const tookMs = nowMs - atMs - queuedMs
    this.leastMs = Math.min(tookMs, this.leastMs + LEAST_GROWS_MS)
    key.waitMs = waitOf(key, nowMs) * (1 - NEWEST_SHARE) + (tookMs - this.leastMs) * NEWEST_SHARE
    key.measuredAtMs = nowMs
  }

  /** The envelope is not waited for any more. */
  takenBack(number: number): void {
    this.left(number)
  }

  private shortest(nowMs: number): Key {
    this.turn += 1
    const { keys } = leastOf(this.shards, this.turn, ({ workMs }) => workMs)
    return leastOf(keys, this.turn, (key) => key.workMs + waitOf(key, nowMs))
  }

  private left(number: number): Sent | undefined {
    const sent = this.sent.get(number)
    if (sent === undefined) return undefined
    this.sent.delete(number)
    sent.key.workMs -= sent.workMs
    sent.key.of.workMs -= sent.workMs
    return sent
  }
}

function keysOf(shard: number, shards: number, count: number): Shard {
  const of: Shard = { keys: [], workMs: 0 }
  const explicitHashKey = middleOf(shard, shards)
  for (let index = 0; index < count; index++) {
    const partitionKey = `lane-${index * shards + shard}`
    of.keys.push({ partitionKey, explicitHashKey, shard, of, workMs: 0, waitMs: 0, measuredAtMs: 0 })
  }
  return of
}

/** Of those with as little, the next in turn. */
function leastOf<T>(all: readonly T[], turn: number, amount: (one: T) => number): T {
  let least = all[turn % all.length]!
  let leastAmount = Number.POSITIVE_INFINITY
  for (let index = 0; index < all.length; index++) {
    const one = all[(turn + index) % all.length]!
    const its = amount(one)
    if (its >= leastAmount) continue
    leastAmount = its
    least = one
  }
  return least
}

/** Of a part of the hashes, which go from 0 to 2^128 - 1. */
const middleOf = (part: number, parts: number): string => String((BigInt(2 * part + 1) << 127n) / BigInt(parts))

/** What is known of the wait, the less the longer ago it was measured. */
const waitOf = ({ waitMs, measuredAtMs }: Key, nowMs: number): number =>
  waitMs * Math.max(0, 1 - (nowMs - measuredAtMs) / FORGOTTEN_AFTER_MS)
