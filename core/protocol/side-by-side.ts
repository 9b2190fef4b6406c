/** Calls `fire` once after at least `delayMs`; returns how to prevent that. Whoever has timers hands them in. */
export interface Timers {
  after(delayMs: number, fire: () => void): () => void
}

/** One call in progress. */
export interface Turn {
  /** True once its time is up: what it comes to then is ignored. */
  readonly isOver: boolean
}

/** What to do: for each number from 0 to `count` - 1, at most `concurrency` at once. */
export interface Tasks {
  readonly count: number
  readonly concurrency: number
  /** Begins a task, and returns a promise where it takes longer. A bug where it throws or rejects. */
  begin(index: number, turn: Turn): PromiseLike<void> | undefined
  /** How long a promise may take. */
  readonly limitMs: number
  /** The task took longer. Its turn is over and the next one begins. */
  expired(index: number): void
  /** Hears how many tasks have ended since it heard last: each once, when it is done or after it has expired. */
  readonly onProgress?: ((tasks: number) => void) | undefined
  /**
   * Asked before each task, with whether one was waited for since it was asked last: a promise where others should have
   * the thread first.
   */
  readonly pause?: ((waited: boolean) => PromiseLike<void> | undefined) | undefined
}

const TICKS = 8 // per limit: by an eighth of it a task may be ended late

/**
 * Does the tasks; resolves when all are done or expired. Without timers none expires. One timer serves all tasks, and a
 * task costs no promise of its own, since most take microseconds. Time is counted in ticks and not read from a clock:
 * for a process that was stopped for a minute only one tick has passed.
 */
export function sideBySide(tasks: Tasks, timers?: Timers): Promise<void> {
  return new Promise((resolve, reject) => new SideBySide(tasks, timers, resolve, reject).start())
}

class SideBySide {
  private readonly turns = new Set<{ index: number; sinceTick: number; isOver: boolean }>()
  private next = 0
  private ticks = 0
  private waited = false
  private cancelTick: (() => void) | undefined

  constructor(
    private readonly tasks: Tasks,
    private readonly timers: Timers | undefined,
    private readonly resolve: () => void,
    private readonly reject: (error: unknown) => void,
  ) {}

  start(): void {
    const atOnce = Math.max(1, Math.min(this.tasks.concurrency, this.tasks.count))
    for (let started = 0; started < atOnce; started++) this.startNext()
  }

  private startNext(): void {
    this.run().catch((error) => {
      this.cancelTick?.()
      this.reject(error)
    })
  }

  private async run(): Promise<void> {
    const turn = { index: 0, sinceTick: 0, isOver: false }
    this.turns.add(turn)
    while (this.next < this.tasks.count && !turn.isOver) {
      const pause = this.tasks.pause?.(this.waited)
      this.waited = false
      if (pause !== undefined) {
        turn.sinceTick = Number.POSITIVE_INFINITY // between tasks nothing can expire, however long the pause takes
        await pause
        continue
      }
      turn.index = this.next++
      const pending = this.tasks.begin(turn.index, turn)
      if (pending !== undefined) {
        turn.sinceTick = this.ticks
        if (this.cancelTick === undefined) this.scheduleTick()
        this.waited = true
        await pending
      }
      if (!turn.isOver) this.tasks.onProgress?.(1)
    }
    this.turns.delete(turn)
    if (this.turns.size === 0) this.finish()
  }

  private scheduleTick(): void {
    this.cancelTick = this.timers?.after(Math.ceil(this.tasks.limitMs / TICKS), () => this.tick())
  }

  private tick(): void {
    this.ticks += 1
    this.scheduleTick()
    for (const turn of [...this.turns]) {
      if (this.ticks - turn.sinceTick <= TICKS) continue // it began within a tick, which was not a whole one for it
      turn.isOver = true
      this.turns.delete(turn)
      this.tasks.expired(turn.index)
      this.tasks.onProgress?.(1)
      this.startNext()
    }
  }

  private finish(): void {
    this.cancelTick?.()
    this.resolve()
  }
}
