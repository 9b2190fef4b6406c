/** Events accepted and not yet cut, oldest first: their lines, and the pane of each. */
export class Uncut {
  private readonly lines: string[] = []
  private readonly panes: number[] = []
  private total = 0

  get events(): number {
    return this.lines.length
  }

  get bytes(): number {
    return this.total
  }

  push(line: string, pane: number): void {
    this.lines.push(line)
    this.panes.push(pane)
    this.total += lineBytes(line)
  }

  /** How many of the oldest fit `maxBytes`; one at least, unless there is none. */
  countWithin(maxBytes: number): number {
    let count = 0
    for (let bytes = 0; count < this.lines.length; count++) {
      bytes += lineBytes(this.lines[count]!)
      if (bytes > maxBytes && count > 0) break
    }
    return count
  }

  /** The oldest `count` lines, which stay. */
  first(count: number): readonly string[] {
    return this.lines.slice(0, count)
  }

  /** Takes the oldest `count` out. */
  take(count: number): { readonly lines: string[]; readonly panes: number[]; readonly bytes: number } {
    const lines = this.lines.splice(0, count)
    const bytes = lines.reduce((sum, line) => sum + lineBytes(line), 0)
    this.total -= bytes
    return { lines, panes: this.panes.splice(0, count), bytes }
  }
}

/** Length with its newline; UTF-16 units stand for bytes, exact for ASCII and near enough for limits. */
const lineBytes = (line: string): number => line.length + 1
