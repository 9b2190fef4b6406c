import { type FileHandle, open, readFile, rename } from 'node:fs/promises'
import { z } from 'zod'
import type { FoldNote } from '../../core/protocol/fold-notes'
import { LineQueue } from '../disk/line-file'

const noteSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('began') }),
  z.object({ kind: z.literal('folding'), digest: z.string(), atMs: z.number() }),
  z.object({ kind: z.literal('suspect'), digest: z.string() }),
  z.object({ kind: z.literal('ended') }),
])

/**
 * The notes of a data folder, one JSON object a line. They save deaths and nothing else, so a line that cannot be read
 * is passed over: the envelope that it named has to end the process once more to be known.
 */
export class FoldNotesFile {
  private readonly queue: LineQueue

  private constructor(private readonly handle: FileHandle) {
    this.queue = new LineQueue(async (lines) => {
      await handle.appendFile(lines.join(''))
      await handle.datasync()
    })
  }

  /** What was noted in former lives. */
  static async read(path: string): Promise<FoldNote[]> {
    const text = await readFile(path, 'utf8').catch(() => '')
    return text.split('\n').flatMap((line) => {
      const read = noteSchema.safeParse(parsed(line))
      return read.success ? [read.data] : []
    })
  }

  /** Begins a life, with these notes in place of the former ones. */
  static async begin(path: string, notes: readonly FoldNote[]): Promise<FoldNotesFile> {
    const handle = await open(`${path}.new`, 'w', 0o600)
    const file = new FoldNotesFile(handle)
    await Promise.all(notes.map((note) => file.append(note)))
    await rename(`${path}.new`, path)
    return file
  }

  /** Resolves when the note is on disk. Rejects with the error of the disk; the note is written with the next one. */
  append(note: FoldNote): Promise<void> {
    this.queue.push(`\n${JSON.stringify(note)}`) // a line that a full disk cut short ends here
    return this.queue.flush()
  }

  async close(): Promise<void> {
    await this.queue.flush().catch(() => undefined)
    await this.handle.close()
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
