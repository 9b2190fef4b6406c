/** A line of a function's log: what happened, and facts about it. */
export interface LogLine {
  readonly level: 'warn' | 'error'
  readonly message: string
  readonly [fact: string]: unknown
}

const LEVELS = { warn: 40, error: 50 } as const

/**
 * The log of a function: one JSON object a line with the fields of the edge node's log, so that one query finds both.
 * No contents of events.
 */
export function functionLog(component: string, nowMs: () => number, write: (line: string) => void) {
  return ({ level, message, ...facts }: LogLine): void => {
    write(JSON.stringify({ level: LEVELS[level], time: nowMs(), component, ...facts, msg: message }))
  }
}
