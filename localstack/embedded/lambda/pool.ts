import { randomUUID } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import type { InvokeOutcome } from '../wire'
import type { InstanceSpec } from './function-process'
import { Instance, type Result } from './instance'

/** The account's cap on invocations at work at the same time, over all functions. */
export class Concurrency {
  readonly limit: number
  #active = 0

  constructor(limit: number) {
    this.limit = limit
  }

  /** Takes a place; false when none is free. */
  tryEnter(): boolean {
    if (this.#active >= this.limit) return false
    this.#active += 1
    return true
  }

  leave(): void {
    this.#active -= 1
  }
}

/** Counters since the function was made; `billedMs` as AWS bills: start and run of each invocation, rounded up. */
export interface FunctionStats {
  invocations: number
  errors: number
  throttles: number
  coldStarts: number
  billedMs: number
  /** Invocations at work now, and the most that ever were. */
  concurrent: number
  maxConcurrent: number
  /** Processes now, at work or waiting for it. */
  instances: number
}

export interface PoolSettings {
  readonly functionArn: string
  /** An instance that had nothing to do for so long is ended. */
  readonly idleTimeoutMs: number
  /** Everything that a new instance needs, given its path on the Runtime API. */
  readonly specFor: (instanceId: string) => InstanceSpec
}

export const THROTTLED = 'Rate Exceeded.'

/** The processes of one function: reused while there are idle ones, started cold when all are busy. */
export class FunctionPool {
  readonly stats: FunctionStats
  readonly #settings: PoolSettings
  readonly #concurrency: Concurrency
  readonly #instances = new Map<string, Instance>()
  /** The last to become idle is the first to be used again, so that the others can be ended. */
  readonly #idle: { instance: Instance; reaper: NodeJS.Timeout }[] = []
  #stopped = false

  constructor(settings: PoolSettings, concurrency: Concurrency, stats: FunctionStats = noStats()) {
    this.#settings = settings
    this.#concurrency = concurrency
    this.stats = stats
  }

  /** Runs the function once. Never rejects for a failing function. */
  async invoke(payload: Buffer): Promise<InvokeOutcome> {
    if (this.#stopped || !this.#concurrency.tryEnter()) {
      this.stats.throttles += 1
      return { kind: 'throttled', message: THROTTLED }
    }
    this.stats.invocations += 1
    this.stats.concurrent += 1
    this.stats.maxConcurrent = Math.max(this.stats.maxConcurrent, this.stats.concurrent)
    const requestId = randomUUID()
    const result = await this.#run(requestId, payload)
    this.stats.concurrent -= 1
    this.#concurrency.leave()
    if (result.kind === 'error') this.stats.errors += 1
    return { ...result, requestId }
  }

  instance(id: string): Instance | undefined {
    return this.#instances.get(id)
  }

  /** Ends idle instances now and busy ones after their work; for a function whose code was replaced. */
  retire(): void {
    this.#stopped = true
    for (const { instance, reaper } of this.#idle.splice(0)) {
      clearTimeout(reaper)
      instance.kill()
    }
  }

  /** Resolves when no process is left; of a pool that was retired or killed, that is soon. */
  async emptied(): Promise<void> {
    await Promise.all([...this.#instances.values()].map((instance) => instance.exited))
  }

  /** Ends every process at once, also those at work. */
  kill(): void {
    this.retire()
    for (const instance of this.#instances.values()) instance.kill()
  }

  async #run(requestId: string, payload: Buffer): Promise<Result> {
    const startedMs = performance.now()
    const instance = this.#takeIdle() ?? this.#start()
    const result = await instance.run({ requestId, functionArn: this.#settings.functionArn, payload })
    this.stats.billedMs += Math.ceil(performance.now() - startedMs)
    this.#release(instance)
    return result
  }

  #takeIdle(): Instance | undefined {
    for (let last = this.#idle.pop(); last !== undefined; last = this.#idle.pop()) {
      clearTimeout(last.reaper)
      if (last.instance.alive) return last.instance
    }
    return undefined
  }

  #start(): Instance {
    const id = randomUUID()
    const instance = new Instance(this.#settings.specFor(id))
    this.stats.coldStarts += 1
    this.stats.instances += 1
    this.#instances.set(id, instance)
    void instance.exited.then(() => {
      this.#instances.delete(id)
      this.stats.instances -= 1
    })
    return instance
  }

  #release(instance: Instance): void {
    if (!instance.alive || this.#stopped) {
      instance.kill()
      return
    }
    const reaper = setTimeout(() => this.#reap(instance), this.#settings.idleTimeoutMs)
    reaper.unref()
    this.#idle.push({ instance, reaper })
  }

  #reap(instance: Instance): void {
    const index = this.#idle.findIndex((idle) => idle.instance === instance)
    if (index < 0) return
    this.#idle.splice(index, 1)
    instance.kill()
  }
}

export const noStats = (): FunctionStats => ({
  invocations: 0,
  errors: 0,
  throttles: 0,
  coldStarts: 0,
  billedMs: 0,
  concurrent: 0,
  maxConcurrent: 0,
  instances: 0,
})
