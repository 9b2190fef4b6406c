import { setTimeout as sleep } from 'node:timers/promises'

/** A process as far as keeping it needs to know it. */
export interface Killable {
  /** Resolves with the exit code. */
  readonly ended: Promise<number>
  /** Ends it without a word, as a crash would. */
  kill(): void
  /** Asks it to end and waits until it has. */
  stop(): Promise<void>
}

/** A process that is started again whenever it ends. */
export interface Kept {
  /** Ends it as a crash would. It stays away for so long, and for good when that is not finite. */
  kill(awayMs?: number): void
  stop(): Promise<void>
}

const FAILING_PAUSE_MS = 1_000 // between starts of something that ends by itself

/** Starts a process, and again whenever it has ended, until it is stopped. */
export function keepRunning(name: string, start: () => Killable, say: (text: string) => void): Kept {
  let isStopped = false
  let awayMs = FAILING_PAUSE_MS
  let running = start()
  const watch = async (watched: Killable): Promise<void> => {
    await watched.ended
    if (isStopped) return
    const pauseMs = awayMs
    awayMs = FAILING_PAUSE_MS
    if (!Number.isFinite(pauseMs)) {
      say(`   the ${name} has ended, and stays away`)
      return
    }
    say(`   the ${name} has ended; in ${(pauseMs / 1000).toFixed(1)} s it is started again`)
    await sleep(pauseMs)
    if (isStopped) return
    running = start()
    return watch(running)
  }
  void watch(running)
  return {
    kill: (forMs = 0) => {
      awayMs = forMs
      running.kill()
    },
    stop: () => {
      isStopped = true
      return running.stop()
    },
  }
}
