import type { Logger } from 'pino'
import { CloudCapacity } from '../../cloud/capacity'
import type { kinesisClient, lambdaClient } from '../../cloud/clients'
import { type Deployment, type Lanes, streamOf } from '../../cloud/deployment'
import type { Facts } from '../../core/control/control'
import type { Config } from '../config/config'
import { systemClock } from '../observe/clock'
import type { Overflow } from './burst'
import { CapacityFile } from './capacity-file'
import { type Bottleneck, CloudScaler, type LoadReading } from './cloud-scaler'

/** What is read of the node whose lanes are planned. */
export interface PlannedNode {
  readonly controller: { facts(): Facts; readonly isBursting: boolean }
  readonly overflow: Pick<Overflow, 'sender' | 'oldestInFlightMs'>
}

/** How wide the cloud half is, and who watches that it is wide enough. */
export interface Width {
  readonly lanes: Lanes
  /** Whether it is enough, in words. */
  readonly diagnosis: string
  readonly bottleneck: Bottleneck
  start(node: PlannedNode): Promise<void>
  stop(): Promise<void>
}

interface WidthOptions {
  readonly kinesis: ReturnType<typeof kinesisClient>
  readonly lambda: ReturnType<typeof lambdaClient>
  readonly config: Config
  readonly deployment: Deployment
  readonly lanes: Lanes
  readonly onLanes: (lanes: Lanes) => void
  readonly logger: Logger
}

/**
 * Through `invoke` the operator's `maxInvokes` is the width, and nothing needs watching. Through `kinesis` the scaler
 * watches the stream.
 */
export function widthOf(options: WidthOptions): Width {
  switch (options.config.transport) {
    case 'invoke':
      return new CallWidth(options)
    case 'kinesis':
      return new StreamWidth(options)
  }
}

class CallWidth implements Width {
  readonly lanes: Lanes
  private node: Pick<PlannedNode, 'controller'> | undefined

  constructor(private readonly options: Pick<WidthOptions, 'config' | 'lanes'>) {
    this.lanes = options.lanes
  }

  get diagnosis(): string {
    return callsInWords(this.options.config.maxInvokes, this.node?.controller.facts())
  }

  get bottleneck(): Bottleneck {
    return callsBottleneck(this.options.config.maxInvokes, this.node?.controller.facts())
  }

  async start(node: PlannedNode): Promise<void> {
    this.node = node
  }

  async stop(): Promise<void> {}
}

type CallFacts = Pick<Facts, 'inFlightEnvelopes' | 'ceilingRate'> | undefined

/** What limits the calls: Lambda where it throttles, `maxInvokes` where more than one whole turn waits. */
export function callsBottleneck(maxInvokes: number, facts: CallFacts): Bottleneck {
  if (facts === undefined) return 'unknown'
  if (Number.isFinite(facts.ceilingRate)) return 'functions'
  return facts.inFlightEnvelopes > 2 * maxInvokes ? 'lanes' : 'enough'
}

/** Whether calling so many functions side by side is enough, in words. */
export function callsInWords(maxInvokes: number, facts: CallFacts): string {
  const atMost = `at most ${maxInvokes} functions are called side by side (maxInvokes)`
  if (facts === undefined) return atMost
  const { inFlightEnvelopes, ceilingRate } = facts
  if (Number.isFinite(ceilingRate)) {
    return `${atMost}; Lambda throttles beyond about ${Math.round(ceilingRate)} events/s: have the account's limit of concurrent functions raised`
  }
  const waiting = inFlightEnvelopes - maxInvokes
  return waiting > 0
    ? `${atMost}, and ${waiting} envelopes wait for their turn: raise it, as far as the account allows`
    : atMost
}

class StreamWidth implements Width {
  lanes: Lanes
  private scaler: CloudScaler | undefined

  constructor(private readonly options: WidthOptions) {
    this.lanes = options.lanes
  }

  get diagnosis(): string {
    return this.scaler?.diagnosis ?? 'the capacity of the cloud half is not known yet'
  }

  get bottleneck(): Bottleneck {
    return this.scaler?.bottleneck ?? 'unknown'
  }

  async start(node: PlannedNode): Promise<void> {
    const { config, kinesis, lambda, deployment, onLanes, logger } = this.options
    const stream = streamOf(deployment, config.stack)
    this.scaler = new CloudScaler({
      config,
      cloud: new CloudCapacity(kinesis, lambda, { ...deployment, stream }),
      file: new CapacityFile(config.dataDir, stream),
      load: () => loadOf(node),
      onCapacity: ({ shards, parallelization, consumer }) => {
        this.lanes = { shards, parallelization, consumer }
        onLanes(this.lanes)
      },
      logger,
      clock: systemClock,
    })
    await this.scaler.start()
  }

  async stop(): Promise<void> {
    await this.scaler?.stop()
  }
}

function loadOf({ controller, overflow }: PlannedNode): LoadReading {
  const facts = controller.facts()
  const sent = overflow.sender.counters()
  return {
    bursting: controller.isBursting,
    excessRate: Math.max(0, facts.steadyRate - facts.trueRate),
    laneRate: facts.laneRate,
    inFlightEvents: facts.inFlightEvents,
    oldestInFlightMs: overflow.oldestInFlightMs,
    sentRate: facts.sentRate,
    sentBytes: sent.bytes,
    throttledPuts: sent.throttled,
    throttledCalls: 0, // the stream's mapping calls the functions, and the edge does not hear of their throttles
  }
}
