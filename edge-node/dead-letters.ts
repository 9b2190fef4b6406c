import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Envelope } from '../core/envelope'
import type { DeadLetter } from '../core/fold'

/**
 * Events that could not be folded, with the original line, one JSON object a line. Written before their windows become final; after a crash an event may stand
 * there twice, under one offset.
 */
export class DeadLetters {
  private waiting: string[] = []
  private writing: Promise<void> = Promise.resolve()
  private total = 0

  private constructor(private readonly handle: FileHandle) {}

  static async open(path: string): Promise<DeadLetters> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    return new DeadLetters(await open(path, 'a', 0o600))
  }

  /** Events since the start of this process. */
  get count(): number {
    return this.total
  }

  add(envelope: Envelope, letters: readonly DeadLetter[]): void {
    const { pipeline, version, number } = envelope
    for (const { offset, code, reason } of letters) {
      const line = envelope.lines[offset - envelope.firstOffset]
      this.waiting.push(JSON.stringify({ pipeline, version, envelope: number, offset, code, reason, line }))
    }
    this.total += letters.length
  }

  /** Resolves when all that was added is on disk. */
  flush(): Promise<void> {
    this.writing = this.writing.then(async () => {
      if (this.waiting.length === 0) return
      const lines = this.waiting
      this.waiting = []
      await this.handle.appendFile(`${lines.join('\n')}\n`)
      await this.handle.datasync()
    })
    return this.writing
  }

  async close(): Promise<void> {
    await this.flush()
    await this.handle.close()
  }
}
