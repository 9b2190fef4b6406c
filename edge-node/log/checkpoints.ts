import { createHash } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { digestOf } from '../../cloud/packing'
import type { SliceSnapshot } from '../../core/protocol/edge-state'
import type { LedgerSnapshot } from '../../core/protocol/ledger'
import type { FinalRecord, LogRecord } from '../../core/protocol/log-record'
import type { IntakeSnapshot, OldAnswer } from '../../core/protocol/remembered-answers'

/** Everything that the log before `segment` says, so that a restart reads only what is after it. */
export interface Checkpoint {
  readonly format: 3
  readonly pipeline: string
  /** The log segment that goes on where this ends. */
  readonly segment: number
  readonly boot: Extract<LogRecord, { type: 'boot' }>
  readonly intake: IntakeSnapshot
  readonly ledger: LedgerSnapshot
  readonly state: readonly SliceSnapshot[]
  /** How many windows were final; their records are in the files of finals. */
  readonly finals: number
  /** In a checkpoint that an older version wrote, the final records were inside. */
  readonly finalsInside?: readonly FinalRecord[]
}

/** A checkpoint but for the state, which is copied piece by piece. */
export type CheckpointHead = Omit<Checkpoint, 'state' | 'finalsInside'>

/** What was written. */
export interface WrittenCheckpoint {
  /** The oldest segment that a kept checkpoint needs. */
  readonly oldestSegment: number
  readonly bytes: number
}

const KEPT = 2 // should the newest be damaged, the one before it still stands, and the log is kept for both
const FORMAT = 3
const FORMAT_WITH_ANSWERS = 2 // the remembered answers were inside, in pieces like the entries
const FORMAT_WITH_FINALS = 1 // a digest and one JSON text with everything

const zip = promisify(gzip)
const unzip = promisify(gunzip)

/** The checkpoints of a data directory: files that are complete or not there. */
export class Checkpoints {
  /** Files that `newest` passed over, since they cannot be read. */
  readonly damaged: string[] = []

  private constructor(private readonly folder: string) {}

  static async open(folder: string): Promise<Checkpoints> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    return new Checkpoints(folder)
  }

  /** The newest sound checkpoint; null when there is none. */
  async newest(): Promise<Checkpoint | null> {
    for (const segment of (await this.segments()).reverse()) {
      const checkpoint = await this.read(segment)
      if (checkpoint !== null) return checkpoint
      this.damaged.push(this.path(segment))
    }
    return null
  }

  /**
   * Writes a checkpoint and drops those that are no longer kept. The file is its lines (the head, then a piece of the
   * state each) and their digest, packed line by line as they come.
   */
  async write(segment: number, lines: AsyncIterable<string>): Promise<WrittenCheckpoint> {
    const path = this.path(segment)
    const hash = createHash('sha256')
    const handle = await open(`${path}.new`, 'w', 0o600)
    let bytes = 0
    const put = async (text: string) => {
      const packed = await zip(text, { level: 1 }) // members of gzip that follow each other unpack as one
      await handle.appendFile(packed)
      bytes += packed.length
    }
    try {
      for await (const line of lines) {
        hash.update(`${line}\n`)
        await put(`${line}\n`)
      }
      await put(hash.digest('hex'))
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(`${path}.new`, path)
    await syncFolder(this.folder)
    for (const damaged of this.damaged.splice(0)) await rm(damaged, { force: true }) // it must not push out a sound one
    const segments = await this.segments()
    for (const old of segments.slice(0, -KEPT)) await rm(this.path(old), { force: true })
    return { oldestSegment: segments.slice(-KEPT)[0]!, bytes }
  }

  /** Each that is kept, oldest first; null for one that is damaged. */
  async all(): Promise<{ readonly path: string; readonly checkpoint: Checkpoint | null }[]> {
    const all = []
    for (const segment of await this.segments()) {
      all.push({ path: this.path(segment), checkpoint: await this.read(segment) })
    }
    return all
  }

  private async read(segment: number): Promise<Checkpoint | null> {
    try {
      return decoded((await unzip(await readFile(this.path(segment)))).toString('utf8'))
    } catch {
      return null
    }
  }

  private async segments(): Promise<number[]> {
    const names = await readdir(this.folder)
    const numbers = names.flatMap((name) => (/^\d{12}\.checkpoint$/.test(name) ? [Number.parseInt(name, 10)] : []))
    return numbers.sort((a, b) => a - b)
  }

  private path(segment: number): string {
    return join(this.folder, `${String(segment).padStart(12, '0')}.checkpoint`)
  }
}

/** Null when it is not what was written, or of a format that is not known. */
function decoded(content: string): Checkpoint | null {
  return content.startsWith('{') ? ofLines(content) : withFinalsInside(content)
}

function ofLines(content: string): Checkpoint | null {
  const end = content.lastIndexOf('\n') + 1
  const body = content.slice(0, end)
  if (createHash('sha256').update(body).digest('hex') !== content.slice(end)) return null
  return checkpointOf(body.slice(0, -1).split('\n'))
}

/** Some of the entries of a list that the head is too long with. */
interface ListPiece {
  readonly entries: LedgerSnapshot['entries']
}

interface OldListPiece {
  readonly answers: readonly OldAnswer[]
}

const ENTRIES_AT_ONCE = 1_000 // a few milliseconds of the thread that also takes events

/** The head in pieces, a line of the file each. Lists without a bound come after it, some entries at a time. */
export function* piecesOf(head: CheckpointHead): Generator<CheckpointHead | ListPiece> {
  const { ledger } = head
  yield { ...head, ledger: { ...ledger, entries: [] } }
  for (const entries of inParts(ledger.entries)) yield { entries }
}

function* inParts<T>(list: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < list.length; from += ENTRIES_AT_ONCE) yield list.slice(from, from + ENTRIES_AT_ONCE)
}

/** The checkpoint that was written as these lines; null when its format is not known. */
export function checkpointOf([first, ...lines]: readonly string[]): Checkpoint | null {
  const { format, ...head } = JSON.parse(first!) as CheckpointHead
  if (format !== FORMAT && format !== FORMAT_WITH_ANSWERS) return null
  const answers = [...(head.intake.answers ?? [])]
  const [entries, state] = [[...head.ledger.entries], [] as SliceSnapshot[]]
  for (const line of lines) {
    const piece = JSON.parse(line) as ListPiece | OldListPiece | SliceSnapshot
    if ('answers' in piece) for (const answer of piece.answers) answers.push(answer)
    else if ('entries' in piece) for (const entry of piece.entries) entries.push(entry)
    else state.push(piece)
  }
  const intake = answers.length === 0 ? head.intake : { ...head.intake, answers }
  return { ...head, format: FORMAT, intake, ledger: { ...head.ledger, entries }, state }
}

function withFinalsInside(content: string): Checkpoint | null {
  const newline = content.indexOf('\n')
  const text = content.slice(newline + 1)
  if (digestOf([text]) !== content.slice(0, newline)) return null
  const { format, finals, ...rest } = JSON.parse(text)
  if (format !== FORMAT_WITH_FINALS) return null
  return { ...rest, format: FORMAT, finals: finals.length, finalsInside: finals }
}

async function syncFolder(folder: string): Promise<void> {
  const directory = await open(folder, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
