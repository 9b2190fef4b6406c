import type { Row } from '../../../core/pipeline/pipeline'
import type { FoldNote } from '../../../core/protocol/fold-notes'
import type { FinalRecord, LogRecord } from '../../../core/protocol/log-record'
import { type Checkpoint, checkpointOf } from '../../../edge-node/log/checkpoints'
import { decodeRecords, soundRecords } from '../../../edge-node/log/log-codec'
import { LogReader } from '../../../edge-node/log/log-reader'
import type { OraclePipeline } from '../../../scripts/verify/pipeline'
import { History } from '../history'
import type { Random } from '../random'
import type { SimProcess } from './process'

/** A file of the log. */
interface Segment {
  readonly number: number
  readonly bytes: Buffer
}

const DAMAGED = 'damaged'

/** The data directory: what it holds survives every crash. */
export class SimDisk {
  segments: readonly Segment[] = []
  readonly rows = new Map<string, readonly Row[]>()
  /** The lines of their file. */
  readonly deadLetters: string[] = []
  /** The lines of the files of keys. */
  readonly keys: string[] = []
  /** The notes about folds. */
  foldNotes: readonly FoldNote[] = []
  /** The files of finals. */
  readonly finals: FinalRecord[] = []
  /** What retention took away, as the files of finals say: finals before a number, none of which ends after a time. */
  taken: { readonly before: number; readonly toMs: number } = { before: 0, toMs: Number.NEGATIVE_INFINITY }
  /** The process that holds the folder. */
  holder: SimProcess | null = null
  /** By segment; as text, since a file shares nothing with the memory that it was written from. */
  readonly checkpoints = new Map<number, string>()
  /** A record that was durable, as the mark beside the log says; null before the first. */
  durableNumber: number | null = null
  /** Number of the next record, as the last `open` found it. */
  nextNumber = 0
  /** Nothing can be written. */
  full = false
  /** The node has noticed that there is little room. */
  isLow = false
  /** What the log has ever said. Kept apart from its bytes, which only the product reads. */
  history: History

  constructor(private readonly pipeline: OraclePipeline) {
    this.history = new History(pipeline)
  }

  /** The newest that can be read. */
  newestCheckpoint(): Checkpoint | null {
    const newest = [...this.checkpoints].sort(([a], [b]) => b - a).find(([, text]) => text !== DAMAGED)
    return newest === undefined ? null : checkpointOf(newest[1].split('\n'))
  }

  /** Of those that are kept, one may be damaged at a time. Returns whether there was one to damage. */
  damageCheckpoint(): boolean {
    const texts = [...this.checkpoints.values()]
    if (texts.length < 2 || texts.includes(DAMAGED)) return false
    this.checkpoints.set(Math.max(...this.checkpoints.keys()), DAMAGED)
    return true
  }

  /**
   * The records from a segment on, as the product's reader finds them; a torn tail is cut off, and so is a segment that
   * was torn when it was made.
   */
  open(fromSegment: number): { readonly records: LogRecord[]; readonly tornBytes: number } {
    const records: LogRecord[] = []
    const { segments, torn, nextNumber } = this.read(fromSegment, (record) => records.push(record))
    const bytesOf = new Map(this.segments.map(({ number, bytes }) => [number, bytes]))
    this.segments = segments.map(({ number, soundBytes }) => ({
      number,
      bytes: bytesOf.get(number)!.subarray(0, soundBytes),
    }))
    this.nextNumber = nextNumber
    return { records, tornBytes: torn?.bytes ?? 0 }
  }

  /** What the product's reader finds; changes nothing. Throws CannotRecover. */
  read(fromSegment: number, onRecord: (record: LogRecord) => void = () => {}): LogReader {
    const reader = new LogReader(fromSegment, (segment) => `segment ${segment}`, onRecord)
    const last = this.segments.at(-1)
    for (const segment of this.segments) reader.take(segment.number, segment.bytes, segment === last)
    reader.end(this.durableNumber)
    return reader
  }

  /**
   * Flips one bit of the log before its last flush: what is in or behind that one can be taken for torn. Returns how to
   * undo it; null where there is no such bit.
   */
  rot(random: Random): (() => void) | null {
    const lastFlush = [...this.allRecords()].at(-1)?.flushFirst ?? 0
    const before = [...this.allRecords()].filter(({ number }) => number < lastFlush)
    if (before.length === 0) return null
    const { segment, at, endsAt } = random.pick(before)
    const { segments } = this
    this.segments = segments.map((each) =>
      each === segment ? flipped(each, random.between(at, endsAt - 1), random) : each,
    )
    return () => {
      this.segments = segments
    }
  }

  /**
   * Loses the file of the newest segment, where the mark knows of something in it. Returns how to undo it; null where
   * it does not.
   */
  loseNewest(): (() => void) | null {
    const { segments } = this
    const newest = [...this.allRecords()].filter(({ segment }) => segment === segments.at(-1))
    if (newest.length === 0 || newest[0]!.number > (this.durableNumber ?? -1)) return null
    this.segments = segments.slice(0, -1)
    return () => {
      this.segments = segments
    }
  }

  private *allRecords() {
    for (const segment of this.segments) for (const record of soundRecords(segment.bytes)) yield { ...record, segment }
  }

  /** The lines of events. Throws when the segments with them are deleted. */
  linesOf(firstOffset: number, count: number): string[] {
    const lines: string[] = []
    for (const { bytes } of this.segments) {
      for (const record of decodeRecords(bytes).records) {
        const next = firstOffset + lines.length
        if (record.type === 'request' && record.firstOffset <= next)
          lines.push(...record.lines.slice(next - record.firstOffset))
      }
    }
    if (lines.length < count) throw new Error(`the log has not the ${count} events from offset ${firstOffset}`)
    return lines.slice(0, count)
  }

  write(number: number, bytes: Buffer): void {
    const last = this.segments.at(-1)
    if (last?.number === number)
      this.segments = [...this.segments.slice(0, -1), { number, bytes: Buffer.concat([last.bytes, bytes]) }]
    else this.segments = [...this.segments, { number, bytes }]
  }

  deleteSegment(number: number): void {
    this.segments = this.segments.filter((segment) => segment.number !== number)
  }

  /**
   * A crash in the midst of a write: an arbitrary prefix of it is on disk, perhaps with `garbage` after it. Returns the
   * bytes lost.
   */
  tear(pending: readonly (readonly [segment: number, bytes: Buffer])[], random: Random, garbage: Buffer): number {
    const total = pending.reduce((sum, [, bytes]) => sum + bytes.length, 0)
    const kept = random.chance(0.3) ? 0 : random.between(0, total)
    let room = kept
    for (const [segment, bytes] of pending) {
      if (room <= 0) break
      const part = bytes.subarray(0, room)
      room -= part.length
      this.write(segment, part)
      this.history.add(decodeRecords(part).records)
    }
    const last = this.segments.at(-1)
    if (last !== undefined && total > 0) this.write(last.number, garbage)
    return total - kept
  }

  copy(): SimDisk {
    const copy = new SimDisk(this.pipeline)
    copy.segments = this.segments
    copy.durableNumber = this.durableNumber
    for (const [name, rows] of this.rows) copy.rows.set(name, rows)
    for (const [segment, text] of this.checkpoints) copy.checkpoints.set(segment, text)
    copy.taken = this.taken
    copy.foldNotes = this.foldNotes
    copy.deadLetters.push(...this.deadLetters)
    copy.keys.push(...this.keys)
    copy.finals.push(...this.finals)
    copy.history = this.history.fork()
    return copy
  }
}

function flipped({ number, bytes }: Segment, place: number, random: Random): Segment {
  const rotten = Buffer.from(bytes)
  rotten[place] = rotten[place]! ^ (1 << random.between(0, 7))
  return { number, bytes: rotten }
}
