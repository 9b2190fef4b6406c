import type { LogRecord } from '../../core/protocol/log-record'
import { CannotRecover } from '../disk/disk'
import { nextRecord, recordAt, recordOf, type StoredRecord } from './log-codec'
import { nextOldRecord, oldRecordAt } from './log-codec-0.1'

/** A segment that can be read to its end. */
export interface SoundSegment {
  readonly number: number
  /** Offset of the first event that can be in it. */
  readonly firstOffset: number
  readonly soundBytes: number
  /** Version 0.1.0 wrote it: nothing may be appended to it. */
  readonly isOld: boolean
}

/** A torn flush at the end of the log. Nothing of it had been answered. */
export interface TornTail {
  readonly segment: number
  readonly fromByte: number
  readonly bytes: number
}

/** How records of a segment are found: as they are written now, or as version 0.1.0 wrote them. */
interface Codec {
  readonly at: (bytes: Buffer, at: number) => StoredRecord | null
  readonly next: (bytes: Buffer, from: number) => StoredRecord | null
}

const TODAY: Codec = { at: recordAt, next: nextRecord }
const OLD: Codec = { at: oldRecordAt, next: nextOldRecord }

const ADVICE =
  'Nothing was changed. Restore the file from a copy; `spillway check-data DATA_DIR` says what else is sound'

/**
 * Reads the segments of a log in order, and tells a torn tail from damage. Only what was never acknowledged may be cut
 * off: an unsound record at the end of the last segment, where no sound record of a later flush stands behind it. A
 * later flush began when the earlier one was durable, so its records prove that something was lost. Pages of one flush
 * may reach the disk in any order, so records of the same flush prove nothing.
 */
export class LogReader {
  readonly segments: SoundSegment[] = []
  torn: TornTail | null = null
  /** Number of the newest sound record; null before the first that has one. */
  private lastNumber: number | null = null
  private nextOffset = 0
  private nextEnvelope = 0

  constructor(
    /** The segment that the checkpoint goes on from; 0 without a checkpoint. */
    private readonly fromSegment: number,
    private readonly pathOf: (segment: number) => string,
    /** Hears of each record from that segment on. */
    private readonly onRecord: (record: LogRecord) => void,
  ) {}

  /** Offset of the next event. */
  get offset(): number {
    return this.nextOffset
  }

  /** Number of the next record. */
  get nextNumber(): number {
    return (this.lastNumber ?? -1) + 1
  }

  /** Takes the next segment. Throws CannotRecover where something that was durable is damaged or missing. */
  take(number: number, bytes: Buffer, isLast: boolean): void {
    this.refuseGap(number)
    const codec = codecOf(bytes)
    let soundBytes = 0
    let firstOffset: number | null = null
    for (let stored = codec.at(bytes, 0); stored !== null; stored = codec.at(bytes, stored.endsAt)) {
      if (firstOffset === null) firstOffset = this.begin(number, stored)
      this.follow(number, stored)
      soundBytes = stored.endsAt
    }
    if (soundBytes < bytes.length || firstOffset === null) this.cut(number, bytes, soundBytes, codec, isLast)
    if (firstOffset !== null) this.segments.push({ number, firstOffset, soundBytes, isOld: codec === OLD })
  }

  /**
   * To be called after the last segment. `durableNumber` is a record that is known to have been on disk, or null.
   * Throws CannotRecover where the log ends before it, or before the segment that the checkpoint goes on from.
   */
  end(durableNumber: number | null): void {
    const last = this.segments.at(-1)
    if (this.fromSegment > 0 && (last === undefined || last.number < this.fromSegment)) {
      throw this.refusal(this.fromSegment, 'is missing, and the checkpoint goes on from it')
    }
    if (durableNumber === null || last?.isOld === true || this.nextNumber > durableNumber) return
    const which = last === undefined ? this.fromSegment : last.number
    throw this.refusal(
      which,
      `or what followed it is incomplete: the log ends before record ${this.nextNumber}, and records up to ${durableNumber} were on disk`,
    )
  }

  private refuseGap(number: number): void {
    const last = this.segments.at(-1)
    const expected = last === undefined ? Math.min(number, this.fromSegment) : last.number + 1
    if (number !== expected) throw this.refusal(expected, 'is missing')
  }

  private begin(segment: number, stored: StoredRecord): number {
    const first = recordOf(stored.payload)
    if (first.type !== 'segment') throw this.refusal(segment, 'does not begin as a segment does, at byte 0')
    const isKnown = segment > this.fromSegment
    if (isKnown && first.firstOffset !== this.nextOffset) {
      throw this.refusal(segment, `begins at offset ${first.firstOffset}, not where the one before it ends`)
    }
    this.nextOffset = first.firstOffset
    return first.firstOffset
  }

  private follow(segment: number, stored: StoredRecord): void {
    if (stored.number >= 0) {
      if (this.lastNumber !== null && stored.number !== this.lastNumber + 1) {
        throw this.refusal(
          segment,
          `is not of this log: at byte ${stored.at} it has record ${stored.number}, not ${this.lastNumber + 1}`,
        )
      }
      this.lastNumber = stored.number
    }
    if (segment < this.fromSegment) return
    const record = recordOf(stored.payload)
    this.onRecord(record)
    if (record.type === 'request') this.nextOffset = record.firstOffset + record.lines.length
    if (record.type === 'cut') this.nextEnvelope = record.header.number + 1
  }

  /** What follows the sound part: a torn tail, or damage. */
  private cut(segment: number, bytes: Buffer, soundBytes: number, codec: Codec, isLast: boolean): void {
    const isTorn = isLast && !this.wasDurable(segment, soundBytes) && !this.isFollowed(bytes, soundBytes, codec)
    if (!isTorn)
      throw this.refusal(segment, `is damaged at byte ${soundBytes}; ${this.concerned(bytes, soundBytes, codec)}`)
    this.torn = { segment, fromByte: soundBytes, bytes: bytes.length - soundBytes }
  }

  /** A checkpoint is written when the beginning of its segment is durable. */
  private wasDurable(segment: number, soundBytes: number): boolean {
    return soundBytes === 0 && this.fromSegment > 0 && segment <= this.fromSegment
  }

  /** Whether a record of a later flush stands behind the unsound one. */
  private isFollowed(bytes: Buffer, soundBytes: number, codec: Codec): boolean {
    for (let stored = codec.next(bytes, soundBytes); stored !== null; stored = codec.next(bytes, stored.endsAt)) {
      // Records of version 0.1.0 do not name their flush; a flush whose pages came in another order is rarer
      // than damage.
      if (codec === OLD || stored.flushFirst > this.nextNumber) return true
    }
    return false
  }

  private concerned(bytes: Buffer, soundBytes: number, codec: Codec): string {
    let toOffset: number | null = null
    let toEnvelope: number | null = null
    for (let stored = codec.next(bytes, soundBytes); stored !== null; stored = codec.next(bytes, stored.endsAt)) {
      const record = recordOf(stored.payload)
      if (record.type === 'request') toOffset ??= record.firstOffset
      if (record.type === 'cut') toEnvelope ??= record.header.number
    }
    return `events from offset ${this.nextOffset} ${upTo(toOffset)} and envelopes from ${this.nextEnvelope} ${upTo(toEnvelope)} are concerned`
  }

  private refusal(segment: number, what: string): CannotRecover {
    return new CannotRecover(`the log cannot be read: ${this.pathOf(segment)} ${what}. ${ADVICE}`)
  }
}

const upTo = (end: number | null) => (end === null ? 'on' : `up to ${end} (exclusive)`)

/** The one that the first record is of; for a damaged one, the one of the first record that can be found. */
function codecOf(bytes: Buffer): Codec {
  if (recordAt(bytes, 0) !== null) return TODAY
  if (oldRecordAt(bytes, 0) !== null) return OLD
  return nextRecord(bytes, 0) === null && nextOldRecord(bytes, 0) !== null ? OLD : TODAY
}

/** The payloads of all sound records of a segment, also of those behind a damaged one. */
export function* readablePayloads(bytes: Buffer): Generator<Buffer> {
  const codec = codecOf(bytes)
  for (let stored = codec.next(bytes, 0); stored !== null; stored = codec.next(bytes, stored.endsAt))
    yield stored.payload
}
