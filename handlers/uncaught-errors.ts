import { messageOf } from '../core/pipeline/aggregate'
import { shortReason } from '../core/pipeline/excerpt'

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

/**
 * `map` left a rejected promise behind, or a timer that threw: outside of a function's care it would have ended the
 * process.
 */
export class LeftBehind extends Error {
  constructor(error: unknown) {
    super(shortReason(`map left an error behind: ${messageOf(error)}`))
  }
}

/** Hears the errors of a process that nobody catches, and tells the work that is going on. */
export class UncaughtErrors {
  private blame: ((error: unknown) => void) | null = null

  constructor(
    /** Hears of those that come while nothing is at work. */
    private readonly onIdle: (error: unknown) => void,
    /** Lets a turn pass: a promise that was rejected meanwhile is told of before it. */
    private readonly turn = () => new Promise<void>((resolve) => setImmediate(resolve)),
  ) {}

  /**
   * Those of this process, which is a function's. Takes the place of Lambda's own listeners, which end the process and
   * with it everything else in the batch; it ends as before where nothing is at work.
   */
  static ofProcess(log: (line: LogLine) => void): UncaughtErrors {
    const errors = new UncaughtErrors((error) => {
      const name = error instanceof Error ? error.name : typeof error // its message may quote events
      log({ level: 'error', message: 'an error was left behind; the instance ends', name })
      process.exit(1)
    })
    for (const event of ['uncaughtException', 'unhandledRejection']) {
      process.removeAllListeners(event)
      process.on(event, (error) => errors.hear(error))
    }
    return errors
  }

  hear(error: unknown): void {
    if (this.blame === null) this.onIdle(error)
    else this.blame(error)
  }

  /**
   * What the work comes to; rejects with LeftBehind as soon as an error is left behind meanwhile. One work at a time.
   */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const leftBehind = new Promise<never>((_, reject) => {
      this.blame = (error) => reject(new LeftBehind(error))
    })
    try {
      return await Promise.race([work().finally(this.turn), leftBehind])
    } finally {
      this.blame = null
    }
  }
}
