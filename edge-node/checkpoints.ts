import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { digestOf } from '../cloud/packing'
import type { SliceSnapshot } from '../core/edge-state'
import type { IntakeSnapshot } from '../core/intake'
import type { LedgerSnapshot } from '../core/ledger'
import type { FinalRecord, LogRecord } from '../core/log-record'

/** Everything that the log before `segment` says, so that a restart reads only what is after it. */
export interface Checkpoint {
  readonly format: 1
  readonly pipeline: string
  /** The log segment that goes on where this ends. */
  readonly segment: number
  readonly boot: Extract<LogRecord, { type: 'boot' }>
  readonly intake: IntakeSnapshot
  readonly ledger: LedgerSnapshot
  readonly state: readonly SliceSnapshot[]
  readonly finals: readonly FinalRecord[]
}

const KEPT = 2 // should the newest be damaged, the one before it still stands, and the log is kept for both
const FORMAT = 1

const zip = promisify(gzip)
const unzip = promisify(gunzip)

/** The checkpoints of a data directory: files that are complete or not there. */
export class Checkpoints {
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
    }
    return null
  }

  /** Writes a checkpoint, drops those that are no longer kept, and returns the oldest segment that a kept one needs. */
  async write(checkpoint: Checkpoint): Promise<number> {
    const text = JSON.stringify(checkpoint)
    const path = this.path(checkpoint.segment)
    const handle = await open(`${path}.new`, 'w', 0o600)
    try {
      await handle.writeFile(await zip(`${digestOf([text])}\n${text}`, { level: 1 }))
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(`${path}.new`, path)
    await syncFolder(this.folder)
    const segments = await this.segments()
    for (const old of segments.slice(0, -KEPT)) await rm(this.path(old), { force: true })
    return segments.slice(-KEPT)[0]!
  }

  private async read(segment: number): Promise<Checkpoint | null> {
    try {
      const content = (await unzip(await readFile(this.path(segment)))).toString('utf8')
      const newline = content.indexOf('\n')
      const text = content.slice(newline + 1)
      if (digestOf([text]) !== content.slice(0, newline)) return null
      const checkpoint = JSON.parse(text) as Checkpoint
      return checkpoint.format === FORMAT ? checkpoint : null
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

async function syncFolder(folder: string): Promise<void> {
  const directory = await open(folder, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
