import type { LogRecord } from '../../core/protocol/log-record'
import type { Timeline } from './timeline'
import { EPOCH_MS } from './workload'

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

/** A record of the log in a few words. */
export function describeRecord(record: LogRecord): string {
  switch (record.type) {
    case 'request':
      return `request ${record.key}: ${record.lines.length} events from offset ${record.firstOffset}`
    case 'cut':
      return `cut ${record.header.number}: ${record.header.count} events from offset ${record.header.firstOffset}`
    case 'closing':
      return `closing to ${record.horizonMs - EPOCH_MS}`
    case 'final':
      return `final ${record.number} of the window to ${record.endMs - EPOCH_MS}`
    default:
      return record.type
  }
}
