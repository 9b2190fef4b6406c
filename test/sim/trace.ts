import type { Timeline } from './timeline'

/** What happened, for people; kept only where somebody will read it. */
export class Trace {
  readonly lines: string[] = []

  constructor(
    private readonly timeline: Timeline,
    private readonly isKept: boolean,
  ) {}

  note(who: string, what: () => string): void {
    if (this.isKept) this.lines.push(`${String(this.timeline.nowMs).padStart(7)} ms  ${who.padEnd(10)} ${what()}`)
  }
}
