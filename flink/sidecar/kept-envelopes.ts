import type { AdmittedLines } from './admission'
import type { EnvelopeName } from './messages'

/**
 * Envelopes between their admission and their fold, so that their records are not sent twice. At most `maxBytes` of
 * lines: the oldest are let go, and the job sends their records again. Of an envelope without events nothing is kept:
 * nobody asks for its fold.
 */
export class KeptEnvelopes {
  private readonly kept = new Map<string, AdmittedLines>()
  private heldBytes = 0

  constructor(private readonly maxBytes: number) {}

  get bytes(): number {
    return this.heldBytes
  }

  keep(name: EnvelopeName, lines: AdmittedLines): void {
    this.take(name)
    if (lines.lines.length === 0) return
    this.kept.set(keyOf(name), lines)
    this.heldBytes += bytesOf(lines)
    for (const key of this.kept.keys()) {
      if (this.heldBytes <= this.maxBytes) return
      this.drop(key)
    }
  }

  /** Hands an envelope over; undefined when it was let go, or was never here. */
  take(name: EnvelopeName): AdmittedLines | undefined {
    return this.drop(keyOf(name))
  }

  private drop(key: string): AdmittedLines | undefined {
    const lines = this.kept.get(key)
    if (lines === undefined) return undefined
    this.kept.delete(key)
    this.heldBytes -= bytesOf(lines)
    return lines
  }
}

const keyOf = ({ source, firstOffset }: EnvelopeName) => `${source}@${firstOffset}`

/** Length of its lines, with a line feed each: what it takes in memory, more or less. */
export const bytesOf = ({ lines }: Pick<AdmittedLines, 'lines'>): number =>
  lines.reduce((bytes, line) => bytes + line.length + 1, 0)
