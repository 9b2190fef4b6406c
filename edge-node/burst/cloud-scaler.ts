import type { Logger } from 'pino'
import { CapacityFailure, type CloudCapacity } from '../../cloud/capacity'
import type { Capacity, CapacityLoad, CapacityStep } from '../../core/control/capacity'
import type { Diagnosis } from '../../core/control/capacity-diagnosis'
import {
  type CapacityState,
  type CapacityVerdict,
  capacityState,
  FORGOTTEN,
  refused,
  scaleCapacity,
} from '../../core/control/cloud-capacity'
import type { Config } from '../config/config'
import type { Clock } from '../observe/clock'
import type { CapacityFile } from './capacity-file'

/** The load as the node knows it: counters since the start where `CapacityLoad` has rates of the last second. */
export interface LoadReading extends Omit<CapacityLoad, 'sentBytesPerSecond' | 'putThrottles' | 'functionThrottles'> {
  /** Cumulative. */
  readonly sentBytes: number
  readonly throttledPuts: number
  readonly throttledCalls: number
}

/** What limits the cloud half. */
export type Bottleneck = Diagnosis['kind'] | 'unknown'

export interface CloudScalerDependencies {
  readonly config: Pick<Config, 'scaleCloud' | 'maxShards' | 'maxParallelization'>
  readonly cloud: Pick<CloudCapacity, 'read' | 'apply'>
  readonly file: CapacityFile
  readonly load: () => LoadReading
  /** The cloud half can do so much from now on. */
  readonly onCapacity: (capacity: Capacity) => void
  readonly logger: Logger
  readonly clock: Clock
}

const TICK_MS = 1_000
const READ_EVERY_MS = 60_000 // somebody else may have changed it; each reading is two free calls
const READ_WHILE_BURSTING_MS = 10_000 // how much is sent depends on it
const READ_WHILE_CHANGING_MS = 2_000 // well within AWS's limit of calls

/**
 * Lets the capacity of the cloud half follow the need: asks `core/cloud-capacity` once a second, and does what it says.
 */
export class CloudScaler {
  private state: CapacityState = capacityState(FORGOTTEN, 0)
  private capacity: Capacity | undefined
  private text = 'the capacity of the cloud half is not known yet'
  private limit: Bottleneck = 'unknown'
  private before: (LoadReading & { readonly atMs: number }) | undefined
  private readDueMs = Number.NEGATIVE_INFINITY
  /** The same while there is bursting. */
  private burstingDueMs = Number.NEGATIVE_INFINITY
  private said = ''
  private cancel: () => void = () => {}
  private working: Promise<void> = Promise.resolve()
  private stopped = false

  constructor(private readonly deps: CloudScalerDependencies) {}

  /** Takes up what was raised before a restart. Rejects with what the disk says. */
  async start(): Promise<void> {
    const read = await this.deps.file.read()
    if (read === 'damaged')
      this.deps.logger.warn(
        'cloud-capacity.json is damaged: what was raised of the cloud is not known and stays as it is',
      )
    this.state = capacityState(read === 'damaged' ? FORGOTTEN : read, this.deps.clock.epochMs())
    this.nextTick()
  }

  /** Resolves when the call in progress has ended. What is raised stays, and is taken back after the next start. */
  async stop(): Promise<void> {
    this.stopped = true
    this.cancel()
    await this.working
  }

  /** What limits the cloud half, and what is done about it, in words. */
  get diagnosis(): string {
    return this.text
  }

  get bottleneck(): Bottleneck {
    return this.limit
  }

  private nextTick(): void {
    if (this.stopped) return
    this.cancel = this.deps.clock.after(TICK_MS, () => {
      this.working = this.tick().finally(() => this.nextTick())
    })
  }

  private async tick(): Promise<void> {
    const load = this.measured()
    if (this.deps.clock.monotonicMs() >= (load?.bursting ? this.burstingDueMs : this.readDueMs)) await this.read()
    if (this.capacity === undefined || load === undefined) return
    const { config, clock } = this.deps
    const terms = { ...config, isAllowed: config.scaleCloud === 'on' }
    const [state, verdict] = scaleCapacity(this.state, load, this.capacity, terms, clock.epochMs())
    this.say(verdict)
    // Before the call: if the process ends in between, the capacity is taken back all the same.
    const isKept = await this.keep(state)
    if (verdict.step === undefined) this.state = state
    else if (isKept) await this.take(verdict.step, state)
    else this.state = refused(this.state, verdict.step.kind, READ_EVERY_MS, clock.epochMs())
  }

  private async read(): Promise<void> {
    const { cloud, clock, logger, onCapacity } = this.deps
    this.readAgainIn(READ_EVERY_MS)
    try {
      this.capacity = await cloud.read()
      if (this.capacity.isUpdating) this.readAgainIn(READ_WHILE_CHANGING_MS)
      onCapacity(this.capacity)
    } catch (error) {
      if (!(error instanceof CapacityFailure)) throw error
      this.capacity = undefined // no step without knowing where it begins
      this.readDueMs = clock.monotonicMs() + error.retryAfterMs
      this.burstingDueMs = this.readDueMs
      this.text = `the capacity of the cloud half cannot be read: ${error.message}`
      this.limit = 'unknown'
      logger.debug({ code: error.code, error: error.message }, 'the capacity of the cloud half cannot be read')
    }
  }

  private async take(step: CapacityStep, state: CapacityState): Promise<void> {
    const { cloud, clock, logger } = this.deps
    this.state = state
    try {
      await cloud.apply(step)
      logger.info({ step }, 'the capacity of the cloud half changes')
    } catch (error) {
      if (!(error instanceof CapacityFailure)) throw error
      logger.warn({ step, code: error.code, error: error.message }, 'the capacity of the cloud half was not changed')
      this.state = refused(this.state, step.kind, error.retryAfterMs, clock.epochMs())
    }
    this.readAgainIn(0)
  }

  private readAgainIn(delayMs: number): void {
    const nowMs = this.deps.clock.monotonicMs()
    this.readDueMs = nowMs + delayMs
    this.burstingDueMs = nowMs + Math.min(delayMs, READ_WHILE_BURSTING_MS)
  }

  /**
   * False when the memory for after a crash could not be written: then nothing may be raised. An older memory is safe,
   * since it only takes back more.
   */
  private async keep(state: CapacityState): Promise<boolean> {
    try {
      await this.deps.file.write(state)
      return true
    } catch (error) {
      this.deps.logger.warn({ error: String(error) }, 'what is raised in the cloud cannot be remembered')
      return false
    }
  }

  private measured(): CapacityLoad | undefined {
    const now = { ...this.deps.load(), atMs: this.deps.clock.monotonicMs() }
    const before = this.before
    this.before = now
    if (before === undefined) return undefined
    const perSecond = (counter: 'sentBytes' | 'throttledPuts' | 'throttledCalls') =>
      ((now[counter] - before[counter]) * 1000) / Math.max(1, now.atMs - before.atMs)
    return {
      ...now,
      sentBytesPerSecond: perSecond('sentBytes'),
      putThrottles: perSecond('throttledPuts'),
      functionThrottles: perSecond('throttledCalls'),
    }
  }

  /** Once for each diagnosis and remedy: the figures in the words change all the time. */
  private say({ diagnosis, reason, step }: CapacityVerdict): void {
    this.text = reason
    this.limit = diagnosis.kind
    const what = JSON.stringify([diagnosis.kind, diagnosis.remedy?.kind, step])
    if (what === this.said) return
    const isNews = this.said !== '' || diagnosis.kind !== 'enough' || step !== undefined
    this.said = what
    if (isNews) this.deps.logger.info({ diagnosis: diagnosis.kind }, `capacity of the cloud half: ${reason}`)
  }
}
