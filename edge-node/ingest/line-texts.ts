import { isAscii } from 'node:buffer'

/** Lines are parts of texts of this size: 4 KiB cost one call for some twenty lines, and a line keeps no more alive. */
const BLOCK_BYTES = 4 * 1024

/** The texts of the lines of a body that is UTF-8, asked for in their order. */
export class LineTexts {
  private readonly isAscii: boolean
  private block = ''
  private blockStart = 0
  private blockEnd = 0

  constructor(private readonly body: Buffer) {
    this.isAscii = isAscii(body)
  }

  text(start: number, end: number): string {
    if (!this.isAscii) return this.body.toString('utf8', start, end)
    if (end > this.blockEnd) {
      this.blockStart = start
      this.blockEnd = Math.max(end, Math.min(this.body.length, start + BLOCK_BYTES))
      this.block = this.body.toString('latin1', start, this.blockEnd)
    }
    return this.block.slice(start - this.blockStart, end - this.blockStart)
  }
}
