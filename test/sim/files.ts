import { digestOf } from '../../cloud/packing'
import type { Envelope } from '../../core/envelope'
import type { DeadLetter } from '../../core/fold'
import type { FinalRecord } from '../../core/log-record'
import type { Row } from '../../core/pipeline'
import type { Checkpoint } from '../../edge-node/checkpoints'
import type { NodeDependencies } from '../../edge-node/node'
import type { SimDisk, WrittenLetter } from './disk'
import type { SimProcess } from './process'

const KEPT_CHECKPOINTS = 2

/** The results, dead letters and checkpoints of one boot on the simulated disk. A file is there as a whole or not at all. */
export class SimFiles {
  readonly finals: FinalRecord[] = []
  private waiting: WrittenLetter[] = []

  constructor(
    private readonly process: SimProcess,
    private readonly disk: SimDisk,
    private readonly delayMs: () => number,
    private readonly onPublish: (final: FinalRecord) => void,
  ) {}

  readonly results: NodeDependencies['results'] = resultsOf(this)

  readonly deadLetters: NodeDependencies['deadLetters'] = {
    add: (envelope: Envelope, letters: readonly DeadLetter[]) => {
      for (const { offset } of letters) this.waiting.push({ offset, line: envelope.lines[offset - envelope.firstOffset] })
    },
    flush: () => this.flushLetters(),
    close: () => this.flushLetters(),
  }

  readonly checkpoints: NodeDependencies['checkpoints'] = {
    write: (checkpoint) => this.writeCheckpoint(checkpoint),
  }

  async store(startMs: number, endMs: number, rows: readonly Row[]): Promise<string> {
    await this.written()
    const digest = digestOf(rows.map((row) => JSON.stringify(row)))
    this.disk.rows.set(rowsName(endMs, digest), JSON.parse(JSON.stringify(rows)))
    return digest
  }

  publish(final: FinalRecord): void {
    if (final.number !== this.finals.length) throw new Error(`final ${final.number} follows ${this.finals.length - 1}`)
    this.finals.push(final)
    this.onPublish(final)
  }

  private async flushLetters(): Promise<void> {
    const letters = this.waiting
    await this.written()
    this.disk.deadLetters.push(...letters)
    this.waiting = this.waiting.filter((letter) => !letters.includes(letter))
  }

  private async writeCheckpoint(checkpoint: Checkpoint): Promise<number> {
    const text = JSON.stringify(checkpoint)
    await this.written()
    const { checkpoints } = this.disk
    checkpoints.set(checkpoint.segment, text)
    const kept = [...checkpoints.keys()].sort((a, b) => b - a).slice(0, KEPT_CHECKPOINTS)
    for (const segment of checkpoints.keys()) if (!kept.includes(segment)) checkpoints.delete(segment)
    return kept.at(-1)!
  }

  private async written(): Promise<void> {
    await this.process.sleep(this.delayMs())
    if (this.disk.full) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
  }
}

/** Where the rows of a final lie. */
export const rowsName = (endMs: number, digest: string): string => `${endMs}-${digest}`

function resultsOf(files: SimFiles): NodeDependencies['results'] {
  return {
    store: (startMs, endMs, rows) => files.store(startMs, endMs, rows),
    publish: (final) => files.publish(final),
    since: (number) => files.finals.slice(number),
    get count() {
      return files.finals.length
    },
  }
}
