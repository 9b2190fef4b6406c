import { constants, open, readFile } from 'node:fs/promises'
import { crc32 } from 'node:zlib'

/**
 * A small file beside the log that names a record which was on disk when it was written. It shows what the log itself
 * cannot: that its end is missing. It may be behind, and without it nothing is lost, so one that cannot be read is
 * passed over.
 */
export class DurableMark {
  private written = -1
  private writing: Promise<void> | null = null

  constructor(private readonly path: string) {}

  /** The number of a record that was durable; null when that is not known. */
  async read(): Promise<number | null> {
    const text = await readFile(this.path, 'utf8').catch(() => '')
    const match = /^(\d{15}) ([0-9a-f]{8})\n$/.exec(text)
    return match !== null && checksum(match[1]!) === match[2] ? Number(match[1]) : null
  }

  /**
   * Writes that the record is durable, unless it is being written or known already. A disk that refuses is left alone.
   */
  async write(number: number): Promise<void> {
    if (number <= this.written || this.writing !== null) return this.writing ?? undefined
    this.writing = this.overwrite(number).finally(() => {
      this.writing = null
    })
    return this.writing
  }

  private async overwrite(number: number): Promise<void> {
    try {
      // Written in place: it fits one sector, and whoever copies a live folder meets no file that comes and goes.
      const handle = await open(this.path, constants.O_RDWR | constants.O_CREAT, 0o600)
      try {
        const digits = String(number).padStart(DIGITS, '0')
        await handle.writeFile(`${digits} ${checksum(digits)}\n`)
        await handle.datasync()
      } finally {
        await handle.close()
      }
      this.written = number
    } catch {
      // The log says itself when the disk refuses.
    }
  }
}

const DIGITS = 15 // all of a safe integer but the last: a million records a second for thirty years

const checksum = (text: string) => crc32(text).toString(16).padStart(8, '0')
