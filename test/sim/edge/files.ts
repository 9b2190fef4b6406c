import type { Row } from '../../../core/pipeline/pipeline'
import type { FoldNote } from '../../../core/protocol/fold-notes'
import type { FinalRecord } from '../../../core/protocol/log-record'
import type { RetainerDependencies } from '../../../edge-node/closing/retainer'
import type { LetterFiles } from '../../../edge-node/dead-letters/dead-letters'
import type { NoteKeeper } from '../../../edge-node/fold/suspects'
import type { WrittenCheckpoint } from '../../../edge-node/log/checkpoints'
import type { KeyFolder } from '../../../edge-node/log/key-files'
import type { NodeDependencies } from '../../../edge-node/node/parts'
import type { KeptFinals } from '../../../edge-node/results/final-lines'
import { rowsDigest, type Stored } from '../../../edge-node/results/result-files'
import type { SimDisk } from './disk'
import type { SimProcess } from './process'

const KEPT_CHECKPOINTS = 2

/** The results, dead letters and checkpoints of one boot on the simulated disk. */
export class SimFiles {
  readonly finals: FinalRecord[] = []

  constructor(
    private readonly process: SimProcess,
    private readonly disk: SimDisk,
    private readonly delayMs: () => number,
    private readonly onPublish: (final: FinalRecord) => void,
  ) {}

  readonly results = resultsOf(this)

  readonly letters: LetterFiles = folderOf(this, 'deadLetters')

  readonly keys: KeyFolder = folderOf(this, 'keys')

  readonly checkpoints: NodeDependencies['checkpoints'] = {
    write: (segment, lines) => this.writeCheckpoint(segment, lines),
  }

  readonly finalFiles: NodeDependencies['finals'] & KeptFinals = finalFilesOf(this)

  async store(_startMs: number, endMs: number, rows: readonly Row[]): Promise<Stored> {
    await this.written()
    const digest = rowsDigest(rows)
    this.disk.rows.set(rowsName(endMs, digest), JSON.parse(JSON.stringify(rows)))
    return { digest, bytes: JSON.stringify(rows).length }
  }

  publish(final: FinalRecord): void {
    if (final.number !== this.finals.length) throw new Error(`final ${final.number} follows ${this.finals.length - 1}`)
    this.finals.push(final)
    if (final.number >= this.taken.before) this.onPublish(final) // the others are shown to nobody
  }

  /** What retention works on. */
  readonly retained: Pick<RetainerDependencies, 'results' | 'finals'> = retainedOf(this)

  get taken(): SimDisk['taken'] {
    return this.disk.taken
  }

  async take(taken: SimDisk['taken']): Promise<void> {
    await this.written()
    this.disk.taken = taken
  }

  /** The rows of finals that were taken away. */
  async removeTaken(): Promise<void> {
    await this.process.sleep(this.delayMs())
    for (const { endMs, digest } of this.finals.slice(0, this.taken.before))
      this.disk.rows.delete(rowsName(endMs, digest))
  }

  /** Begins a life with these notes in place of the former ones. */
  async beginNotes(notes: readonly FoldNote[]): Promise<NoteKeeper> {
    await this.written()
    this.disk.foldNotes = notes
    return { append: (note) => this.appendNote(note), close: async () => {} }
  }

  private async appendNote(note: FoldNote): Promise<void> {
    await this.written()
    this.disk.foldNotes = [...this.disk.foldNotes, note]
  }

  linesOf(file: 'deadLetters' | 'keys'): readonly string[] {
    return this.disk[file]
  }

  /** A crash leaves the first lines of several. */
  async appendLines(file: 'deadLetters' | 'keys', lines: readonly string[]): Promise<void> {
    for (const [index, line] of lines.entries()) {
      await (index === 0 ? this.written() : this.process.sleep(this.delayMs()))
      this.disk[file].push(line)
    }
  }

  get durableFinals(): readonly FinalRecord[] {
    return this.disk.finals
  }

  /** A crash leaves the first of several. */
  async appendFinals(finals: readonly FinalRecord[]): Promise<void> {
    for (const [index, final] of finals.entries()) {
      await (index === 0 ? this.written() : this.process.sleep(this.delayMs()))
      this.disk.finals.push(JSON.parse(JSON.stringify(final)))
    }
  }

  private async writeCheckpoint(segment: number, lines: AsyncIterable<string>): Promise<WrittenCheckpoint> {
    const written: string[] = []
    for await (const line of lines) written.push(line)
    const text = written.join('\n')
    await this.written()
    const { checkpoints } = this.disk
    checkpoints.set(segment, text)
    const kept = [...checkpoints.keys()].sort((a, b) => b - a).slice(0, KEPT_CHECKPOINTS)
    for (const old of checkpoints.keys()) if (!kept.includes(old)) checkpoints.delete(old)
    return { oldestSegment: kept.at(-1)!, bytes: text.length }
  }

  private async written(): Promise<void> {
    await this.process.sleep(this.delayMs())
    if (this.disk.full) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
  }
}

/** Where the rows of a final lie. */
export const rowsName = (endMs: number, digest: string): string => `${endMs}-${digest}`

function resultsOf(
  files: SimFiles,
): NodeDependencies['results'] & { isFinal(startMs: number, endMs: number): boolean } {
  return {
    store: (startMs, endMs, rows) => files.store(startMs, endMs, rows),
    publish: (final) => files.publish(final),
    since: (number) => files.finals.slice(number),
    isFinal: (_startMs, endMs) => files.finals.some((final) => final.endMs === endMs),
    get count() {
      return files.finals.length
    },
    get withBurst() {
      return files.finals.filter(({ burst }) => burst > 0).length
    },
  }
}

const FINAL_BYTES = 100

function retainedOf(files: SimFiles): Pick<RetainerDependencies, 'results' | 'finals'> {
  const at = (number: number) => files.finals[number]!
  return {
    results: {
      get kept() {
        const [first, next] = [files.taken.before, files.finals.length]
        return {
          ...{ first, next, bytes: (next - first) * FINAL_BYTES, fileBytes: () => FINAL_BYTES },
          atMs: (number: number) => at(number).atMs,
          endMs: (number: number) => at(number).endMs,
        }
      },
      get takenBeforeMs() {
        return files.taken.toMs
      },
      take: () => () => files.removeTaken(),
    } as unknown as RetainerDependencies['results'],
    finals: {
      get count() {
        return files.durableFinals.length
      },
      take: ({ before, toMs }) => files.take({ before, toMs: toMs ?? Number.NEGATIVE_INFINITY }),
      deleteTaken: async () => {},
    },
  }
}

function finalFilesOf(files: SimFiles): NodeDependencies['finals'] & KeptFinals {
  return {
    append: (finals) => files.appendFinals(finals),
    end: 'the disk ends',
    get count() {
      return files.durableFinals.length
    },
  }
}

/** One file that never grows full. */
function folderOf(files: SimFiles, file: 'deadLetters' | 'keys'): LetterFiles {
  const lines = async function* () {
    for (const [byte, line] of files.linesOf(file).entries()) yield { place: { file: 0, byte }, line }
  }
  const append = (added: readonly string[]) => files.appendLines(file, added)
  return { all: [0], append, from: lines, linesOf: lines, close: async () => {} }
}
