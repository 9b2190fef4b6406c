import { type ChildProcess, fork } from 'node:child_process'
import type { Logger } from 'pino'
import type { Envelope } from '../../../core/protocol/envelope'
import type { FoldTerms } from '../../../core/protocol/fold'
import { OWN_EXEC_ARGV, ownProgram } from '../../../program/own-process'
import type { FoldedHere, FoldNews } from './fold-orders'

/** For one event to hold the process; one that takes longer is folded apart, where it has all the time that it may have. */
const SILENT_MS = 3_000
const TICK_MS = 250
const START_MS = 30_000 // to load the pipelines; seconds on a busy machine
const HEAP_MEGABYTES = 1_024 // less than a machine has: what needs more ends this process alone

interface Open {
  left: number
  readonly onProgress: ((events: number) => void) | undefined
  readonly done: (folded: FoldedHere) => void
}

/**
 * A process that runs `map`, one of user code: it may loop, take all memory or end its process, and the sidecar goes on.
 * What was at work in it then is suspect. There is one, as the edge node is one: a `map` may limit what its process does.
 */
export class FoldProcess {
  private child: ChildProcess | null = null
  private isReady = Promise.resolve()
  private readonly open = new Map<number, Open>()
  private next = 0
  private silentTicks = 0
  private wasReady = false
  private readonly timer = setInterval(() => this.tick(), TICK_MS)

  constructor(
    private readonly module: string,
    private readonly logger: Logger,
  ) {
    this.start()
  }

  /** Resolves when it can fold, or has failed to start: to load the pipelines takes seconds, which are no work. */
  get ready(): Promise<void> {
    return this.isReady
  }

  /** Resolves when it is folded here, or is suspect. Never rejects. */
  fold(envelope: Envelope, { onProgress }: FoldTerms): Promise<FoldedHere> {
    const id = this.next++
    if (this.child === null) this.start()
    const { child } = this
    return new Promise((done) => {
      this.open.set(id, { left: envelope.count, onProgress, done })
      void this.isReady.then(() => this.open.has(id) && child?.send({ id, envelope }, () => undefined))
    })
  }

  close(): void {
    clearInterval(this.timer)
    const { child } = this
    this.child = null // so that no other one is started
    child?.kill('SIGKILL')
  }

  private start(): void {
    const child = fork(ownProgram('flink/sidecar/fold/fold-process-main'), [this.module], {
      execArgv: [...OWN_EXEC_ARGV, `--max-old-space-size=${HEAP_MEGABYTES}`],
      serialization: 'advanced', // horizons may be infinite, and partials are bytes
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    this.child = child
    this.wasReady = false
    this.silentTicks = (SILENT_MS - START_MS) / TICK_MS
    this.isReady = new Promise((ready) => {
      child.once('exit', () => ready())
      child.on('message', (news: FoldNews) => {
        this.silentTicks = 0
        if (news.kind === 'ready') {
          this.wasReady = true
          ready()
        } else this.heard(news)
      })
    })
    child.on('exit', (code, signal) => this.ended(child, `it ended (${signal ?? `exit code ${code}`})`))
    child.on('error', (error) => this.ended(child, error.message))
  }

  private heard(news: Exclude<FoldNews, { kind: 'ready' }>): void {
    switch (news.kind) {
      case 'beat':
        return
      case 'progress':
        this.progress(news.id, news.events)
        return
      case 'folded': {
        const { id, ...folded } = news
        this.settle(id, folded)
      }
    }
  }

  /** Silence is counted in ticks, not read from a clock: while this process itself was stopped, the other may have spoken. */
  private tick(): void {
    if (this.open.size === 0 || this.child === null) return
    this.silentTicks += 1
    if (this.silentTicks * TICK_MS <= SILENT_MS) return
    const { child } = this
    child.kill('SIGKILL')
    this.ended(child, `an event held it for more than ${SILENT_MS} ms`)
  }

  private ended(child: ChildProcess, reason: string): void {
    if (this.child !== child) return
    this.child = null
    if (this.open.size > 0) {
      const message = 'the process that folds is started anew; what was at work in it is folded apart'
      this.logger.warn({ reason, envelopes: this.open.size }, message)
    }
    for (const id of [...this.open.keys()]) this.settle(id, { kind: 'suspect' })
    // Before it is needed. One that could not even start is tried again with the next envelope.
    if (this.wasReady && this.child === null) this.start()
  }

  private progress(id: number, events: number): void {
    const open = this.open.get(id)
    if (open === undefined) return
    open.left -= events
    open.onProgress?.(events)
  }

  private settle(id: number, folded: FoldedHere): void {
    const open = this.open.get(id)
    if (open === undefined) return
    this.open.delete(id)
    open.onProgress?.(open.left) // whatever became of them, they wait here no more
    open.done(folded)
  }
}
