import { url as debuggerUrl } from 'node:inspector'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'

const BEAT_MS = 200
const ADVICE =
  'Start it again: what was accepted is in the log, and an event that ends the node twice is folded apart and dead-lettered.'

/** Ends a process whose thread has been held for too long: nothing else can, and one that hangs helps nobody. */
export class Watchdog {
  private constructor(
    private readonly thread: Worker | null,
    private readonly timer: NodeJS.Timeout,
  ) {}

  /** Watches this thread, unless a debugger may stop it. */
  static start(mostMs: number, who = 'The edge node', advice = ADVICE): Watchdog {
    const shared = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)
    const beats = new Int32Array(shared)
    const timer = setInterval(() => Atomics.add(beats, 0, 1), BEAT_MS)
    timer.unref()
    if (debuggerUrl() !== undefined) return new Watchdog(null, timer)
    const workerData = { beats: shared, mostMs, who, advice }
    const thread = new Worker(join(__dirname, 'watchdog-thread.cjs'), { workerData, execArgv: [] })
    thread.unref()
    return new Watchdog(thread, timer)
  }

  async stop(): Promise<void> {
    clearInterval(this.timer)
    await this.thread?.terminate()
  }
}
