import type { LogRecord } from '../../core/log-record'
import type { Row } from '../../core/pipeline'
import { decodeRecords } from '../../edge-node/log-codec'
import type { OraclePipeline } from '../../scripts/verify/pipeline'
import { History } from './history'
import type { Random } from './random'

/** A file of the log. */
interface Segment {
  readonly number: number
  readonly firstOffset: number
  bytes: Buffer
}

/** Bytes for one segment, not known to be on disk yet. */
export interface PendingWrite {
  readonly segment: number
  readonly firstOffset: number
  readonly bytes: Buffer
}

/** A dead letter as it stands in the file. */
export interface WrittenLetter {
  readonly offset: number
  readonly line: string | undefined
}

/** The data directory: what it holds survives every crash. */
export class SimDisk {
  segments: Segment[] = []
  readonly rows = new Map<string, readonly Row[]>()
  readonly deadLetters: WrittenLetter[] = []
  /** Writes of the log fail. */
  full = false
  /** What the log says. Kept apart from its bytes, which only the product reads. */
  history: History

  constructor(private readonly pipeline: OraclePipeline) {
    this.history = new History(pipeline)
  }

  /** All records, as the product's codec reads them; a torn tail is cut off. */
  open(): { readonly records: LogRecord[]; readonly tornBytes: number } {
    const records: LogRecord[] = []
    let tornBytes = 0
    for (const segment of this.segments) {
      const sound = decodeRecords(segment.bytes)
      tornBytes = segment.bytes.length - sound.soundBytes
      if (tornBytes > 0 && segment !== this.segments.at(-1)) throw new Error(`segment ${segment.number} is damaged`)
      segment.bytes = segment.bytes.subarray(0, sound.soundBytes)
      for (const record of sound.records) records.push(record)
    }
    return { records, tornBytes }
  }

  write({ segment: number, firstOffset, bytes }: PendingWrite): void {
    const last = this.segments.at(-1)
    if (last?.number === number) last.bytes = Buffer.concat([last.bytes, bytes])
    else this.segments.push({ number, firstOffset, bytes })
  }

  /** A crash: of what was pending an arbitrary prefix is on disk, perhaps with `garbage` after it. Returns the bytes lost. */
  crash(pending: readonly PendingWrite[], random: Random, garbage: Buffer): number {
    const total = pending.reduce((bytes, write) => bytes + write.bytes.length, 0)
    const kept = random.chance(0.3) ? 0 : random.between(0, total)
    let room = kept
    for (const write of pending) {
      const bytes = write.bytes.subarray(0, room)
      room -= bytes.length
      if (bytes.length === 0) break
      this.write({ ...write, bytes })
      this.history.add(decodeRecords(bytes).records)
    }
    const last = this.segments.at(-1)
    if (last !== undefined) last.bytes = Buffer.concat([last.bytes, garbage])
    return total - kept
  }

  copy(): SimDisk {
    const copy = new SimDisk(this.pipeline)
    copy.segments = this.segments.map((segment) => ({ ...segment }))
    for (const [name, rows] of this.rows) copy.rows.set(name, rows)
    copy.deadLetters.push(...this.deadLetters)
    copy.history = new History(this.pipeline, this.history.records)
    return copy
  }
}
