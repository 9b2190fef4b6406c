import { type ChildProcess, fork } from 'node:child_process'
import { OWN_EXEC_ARGV, ownProgram } from '../../../program/own-process'
import type { Order, Told } from './messages'

const HEAP_MEGABYTES = 512 // less than the node has: an event that needs more ends this process alone
const TICK_MS = 250
const START_MS = 30_000 // to load the pipelines; seconds on a busy machine

/** How an order ended. */
export type End =
  | Extract<Told, { readonly kind: 'folded' | 'killed' }>
  /** The process is gone. `offset`: the event at work, where that is known. */
  | { readonly kind: 'died'; readonly offset: number | null; readonly reason: string }
  /** It could not be started. */
  | { readonly kind: 'unusable'; readonly reason: string }

/** A process that folds, one order at a time. It is ended when it is silent for too long. */
export class ApartProcess {
  private readonly child: ChildProcess
  private readonly isReady: Promise<boolean>
  private heard = (_: Told) => {}
  private gone = (_: string) => {}
  private endedBy: string | null = null

  constructor(module: string) {
    this.child = fork(ownProgram('edge-node/fold/apart/process'), [module], {
      execArgv: [...OWN_EXEC_ARGV, `--max-old-space-size=${HEAP_MEGABYTES}`],
      serialization: 'advanced', // horizons may be infinite, and what is dead is a map
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    this.isReady = this.hears(START_MS, ({ kind }) => (kind === 'ready' ? true : undefined)).catch(() => false)
    this.child.on('message', (told: Told) => this.heard(told))
    const onGone = (why: string) => {
      this.endedBy ??= why
      this.gone(this.endedBy)
    }
    this.child.on('exit', (code, signal) =>
      onGone(`the process that folded it ended (${signal ?? `exit code ${code}`})`),
    )
    this.child.on('error', (error) => onGone(error.message))
  }

  /** False once it is gone. */
  get isUsable(): boolean {
    return this.endedBy === null
  }

  /** Folds; the process is ended when it says nothing for `silentMs`. */
  async fold(order: Order, silentMs: number): Promise<End> {
    if (!(await this.isReady)) return { kind: 'unusable', reason: this.endedBy ?? 'it did not start' }
    let offset: number | null = null
    const end = this.hears(silentMs, (told) => {
      if (told.kind === 'progress') offset = told.offset
      return told.kind === 'folded' || told.kind === 'killed' ? told : undefined
    })
    this.child.send(order, () => undefined) // where it cannot be sent, the process is gone
    return end.catch((error: Error) => ({ kind: 'died', offset, reason: error.message }))
  }

  end(why = 'it was ended'): void {
    this.endedBy ??= why
    this.child.kill('SIGKILL')
  }

  /**
   * The first answer to what it tells; rejects when it is gone. Silence is counted in ticks, not read from a clock:
   * while this process itself was stopped, the other may have spoken.
   */
  private hears<T>(silentMs: number, answerTo: (told: Told) => T | undefined): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let silentTicks = 0
      const timer = setInterval(() => {
        silentTicks += 1
        if (silentTicks * TICK_MS > silentMs) this.end(`map held its process for more than ${silentMs} ms`)
      }, TICK_MS)
      this.heard = (told) => {
        silentTicks = 0
        const answer = answerTo(told)
        if (answer === undefined) return
        clearInterval(timer)
        resolve(answer)
      }
      this.gone = (why) => {
        clearInterval(timer)
        reject(new Error(why))
      }
      if (this.endedBy !== null) this.gone(this.endedBy)
    })
  }
}
