import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Envelope } from '../core/envelope'
import type { DeadLetter } from '../core/fold'

/**
 * Events that could not be folded, with the original line, one JSON object a line. Written before their windows become final; after a crash an event may stand
 * there twice, under one offset.
 */
export class DeadLetters {
  private readonly waiting: string[] = []
  private writing: Promise<void> = Promise.resolve()
  private total = 0

  private constructor(
    private readonly handle: FileHandle,
    private soundBytes: number,
  ) {}

  /** Opens the file, made when absent, and cuts off a last line that was torn: its event is folded again. */
  static async open(path: string): Promise<DeadLetters> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    const handle = await open(path, 'a+', 0o600)
    const soundBytes = await bytesOfWholeLines(handle)
    await handle.truncate(soundBytes)
    const folder = await open(dirname(path), 'r')
    await folder.sync().finally(() => folder.close())
    return new DeadLetters(handle, soundBytes)
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

  /** Resolves when all that was added is on disk. After it rejected, with the error of the disk, the next one tries again. */
  flush(): Promise<void> {
    const flushed = this.writing.then(() => this.write())
    this.writing = flushed.catch(() => undefined)
    return flushed
  }

  /** Flushes and closes the file, which it does also when it rejects. */
  async close(): Promise<void> {
    await this.flush().finally(() => this.handle.close())
  }

  private async write(): Promise<void> {
    const count = this.waiting.length
    if (count === 0) return
    const bytes = Buffer.from(`${this.waiting.slice(0, count).join('\n')}\n`)
    await this.handle.truncate(this.soundBytes) // a write that failed half-way may have left a part
    await this.handle.appendFile(bytes)
    await this.handle.datasync()
    this.soundBytes += bytes.length
    this.waiting.splice(0, count)
  }
}

/** How many bytes a file has up to its last newline. */
async function bytesOfWholeLines(handle: FileHandle): Promise<number> {
  const chunk = Buffer.alloc(64 * 1024)
  for (let end = (await handle.stat()).size; end > 0; ) {
    const start = Math.max(0, end - chunk.length)
    const { bytesRead } = await handle.read(chunk, 0, end - start, start)
    const newline = chunk.subarray(0, bytesRead).lastIndexOf('\n')
    if (newline >= 0) return start + newline + 1
    end = start
  }
  return 0
}
