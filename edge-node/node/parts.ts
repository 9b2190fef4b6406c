import type { Logger } from 'pino'
import type { Lanes } from '../../cloud/deployment'
import type { RunningPolicy } from '../../core/control/policies'
import type { Pipeline } from '../../core/pipeline/pipeline'
import type { OverflowDependencies } from '../burst/burst'
import { Overflow } from '../burst/burst'
import { Finisher } from '../closing/closing'
import type { MergeCloud } from '../closing/merger'
import { Merger } from '../closing/merger'
import { WindowCloser } from '../closing/window-closer'
import type { Config } from '../config/config'
import { burstLingerMs } from '../config/config'
import { Router } from '../control/router'
import type { DeadLetterBook } from '../dead-letters/dead-letters'
import type { DiskSpace } from '../disk/disk-space'
import type { Care } from '../fold/apart/apart'
import { Folding } from '../fold/fold'
import { Appender } from '../ingest/appender'
import { Arrivals } from '../ingest/arrivals'
import { Cutter } from '../ingest/cutter'
import { Admission } from '../ingest/ingest'
import { KeptReadings } from '../ingest/kept-readings'
import { Checkpointer } from '../log/checkpointer'
import type { Checkpoints } from '../log/checkpoints'
import type { KeyFiles } from '../log/key-files'
import type { Log } from '../log/log'
import type { Recovered } from '../log/recovery'
import { BurstParts } from '../observe/burst-parts'
import type { Clock } from '../observe/clock'
import type { EnvelopeEvents } from '../observe/envelope-events'
import { alsoTelling, NO_TRACE, type Trace } from '../observe/observe'
import type { FinalFiles } from '../results/final-files'
import type { Results } from '../results/results'
import { CheckpointTaker } from './checkpoint-taker'
import { Loop } from './loop'

/** The parts of a node, in the order in which an event meets them. */
export interface Parts {
  readonly admission: Admission
  readonly arrivals: Arrivals
  readonly cutter: Cutter
  readonly appender: Appender
  readonly router: Router
  readonly folding: Folding
  readonly overflow: Overflow
  readonly burstParts: BurstParts
  readonly closer: WindowCloser
  readonly finisher: Finisher
  readonly checkpointer: Checkpointer
  readonly checkpoints: CheckpointTaker
  readonly loop: Loop
}

/** What the loop asks of the node as a whole. */
interface Whole {
  readonly pending: () => number
  readonly unready: () => string | null
}

/** What most parts share: where events are told, and who watches them. */
interface Shared {
  readonly events: EnvelopeEvents
  readonly trace: Trace
  readonly arrivals: Arrivals
  readonly readings: KeptReadings
}

/** Builds the parts. Each gets what it uses, by name; what they tell each other goes through `events`. */
export function partsOf(deps: NodeDependencies, events: EnvelopeEvents, whole: Whole): Parts {
  const { config, clock, log, recovered } = deps
  const { intake, ledger, state } = recovered
  const burstParts = new BurstParts(config.transport, clock)
  const arrivals = new Arrivals(config.latencyTargetMs)
  const shared = {
    events,
    arrivals,
    readings: new KeptReadings(),
    trace: alsoTelling(deps.trace ?? NO_TRACE, burstParts),
  }
  const { maxEnvelopeBytes } = config
  const maxEnvelopeEvents = () => router.controller.envelopeEvents
  const cutter = new Cutter({ intake, ledger, maxEnvelopeBytes, maxEnvelopeEvents, ...shared })
  const lingerMs = () =>
    router.controller.isSending ? burstLingerMs(config, deps.lanes().consumer) : config.edgeLingerMs
  const appender = new Appender({ log, intake, cutter, lingerMs, clock })
  const folding = foldingOf(deps, shared)
  const overflow = overflowOf(deps, shared)
  const finisher = finisherOf(deps, shared)
  const closer = new WindowCloser({ intake, ledger, state, cutter, finisher, clock })
  const overload = {
    refusal: () => router.controller.refusal(),
    queueDelayMs: () => router.controller.decision.queueDelayMs,
  }
  const dueClosing = () => closer.due()
  const judged = folding.events
  const admission = new Admission({
    ...{ config, intake, state, arrivals, cutter, log, appender, clock },
    ...{ dueClosing, overload, judged },
  })
  const router = routerOf(deps, { cutter, folding, overflow, admission })
  const checkpointer = checkpointerOf(deps)
  const checkpoints = checkpointTakerOf(deps, { checkpointer, admission, appender, finisher })
  const startedAtMs = recovered.boot.atMs - clock.monotonicMs()
  const looked = { intake, router, overflow, folding, arrivals, closer, appender, checkpoints }
  const loop = new Loop({ startedAtMs, ...looked, ...whole, clock })
  return {
    ...{ admission, arrivals, cutter, appender, router, folding, overflow, burstParts },
    ...{ closer, finisher, checkpointer, checkpoints, loop },
  }
}

function foldingOf(deps: NodeDependencies, { events, trace, arrivals, readings }: Shared): Folding {
  const { config, pipeline, log, recovered, deadLetters, care, logger, clock } = deps
  const { intake, ledger, state } = recovered
  return new Folding(
    {
      ...{ config, pipeline, log, ledger, state, arrivals, readings, deadLetters, logger, clock, trace, events },
      ...(care && { care }),
    },
    intake.open.events,
  )
}

function overflowOf(deps: NodeDependencies, { events, trace }: Shared): Overflow {
  const { config, recovered, cloud, transport, prewarmer, meters, lanes, logger, clock } = deps
  return new Overflow({
    ...{ config, transport, prewarmer, meters, lanes, clock, events, trace },
    ledger: recovered.ledger,
    from: originOf(deps),
    partials: cloud.partials,
    logger: logger.child({ component: 'overflow' }),
  })
}

function finisherOf(deps: NodeDependencies, { events, trace }: Shared): Finisher {
  const { pipeline, recovered, cloud, results, deadLetters, log, logger, clock } = deps
  const { boot, state } = recovered
  const merger = new Merger({
    ...{ pipeline, state, cloud, events, clock },
    from: originOf(deps),
    bootEpoch: boot.epoch,
    logger: logger.child({ component: 'merger' }),
    deadOf: (envelope) => deadLetters.of?.(envelope),
  })
  return new Finisher({ merger, deadLetters, results, log, version: boot.version, events, trace }, clock)
}

function routerOf(deps: NodeDependencies, parts: Pick<Parts, 'cutter' | 'folding' | 'overflow' | 'admission'>): Router {
  const { config, recovered, policy, lanes, logger, clock } = deps
  const { intake, ledger } = recovered
  const { cutter, folding, overflow, admission } = parts
  const { workers, apart, unread } = folding
  return new Router({
    ...{ config, intake, ledger, cutter, workers, apart, unread, overflow, policy, lanes, clock },
    admitted: () => admission.admitted,
    logger: logger.child({ component: 'controller' }),
  })
}

function checkpointerOf(deps: NodeDependencies): Checkpointer {
  const { config, recovered, keys, checkpoints, finals, results, log, deadLetters, clock } = deps
  const logger = deps.logger.child({ component: 'checkpoints' })
  const kept = { intake: recovered.intake, keys, checkpoints, finals, results, log, deadLetters, logger }
  return new Checkpointer(kept, config.checkpointEveryMs, clock)
}

function checkpointTakerOf(
  deps: NodeDependencies,
  parts: Pick<Parts, 'checkpointer' | 'admission' | 'appender' | 'finisher'>,
): CheckpointTaker {
  const { pipeline, recovered, results, log } = deps
  const { boot, intake, ledger, state } = recovered
  return new CheckpointTaker({ pipeline: pipeline.name, boot, intake, ledger, state, results, log, ...parts })
}

const originOf = ({ pipeline, recovered: { boot } }: NodeDependencies) => ({
  pipeline: pipeline.name,
  version: boot.version,
  incarnation: boot.incarnation,
})

/** What the node works with besides its own state. */
export interface NodeDependencies {
  readonly config: Config
  readonly pipeline: Pipeline
  readonly log: Log
  readonly diskSpace: Pick<DiskSpace, 'isLow' | 'isGone'>
  readonly checkpoints: Pick<Checkpoints, 'write'>
  readonly recovered: Recovered
  readonly results: Pick<Results, 'store' | 'publish' | 'count' | 'since' | 'withBurst'>
  /** Where finals are kept that no checkpoint needs to hold. */
  readonly finals: Pick<FinalFiles, 'count' | 'append'>
  /** Where the remembered keys are that no checkpoint needs to hold. */
  readonly keys: Pick<KeyFiles, 'count' | 'append' | 'deleteBefore' | 'close'>
  readonly deadLetters: DeadLetterBook
  readonly cloud: MergeCloud
  readonly policy: RunningPolicy
  readonly prewarmer: OverflowDependencies['prewarmer']
  /** Counts what the node's own calls of the tables are billed. */
  readonly meters: OverflowDependencies['meters']
  /** What the cloud has now. */
  readonly lanes: () => Lanes
  readonly transport: OverflowDependencies['transport']
  readonly logger: Logger
  readonly clock: Clock
  /** How envelopes that may end the process are folded; as any other when absent. */
  readonly care?: Care
  /** Who is told of the ways of envelopes; nobody when absent. */
  readonly trace?: Trace
}
