import { join } from 'node:path'
import type { Logger } from 'pino'
import { burstClient, cloudFormationClient, dynamoClient, kinesisClient, lambdaClient } from '../cloud/clients'
import { type Lanes, readDeployment, readLanes, streamOf } from '../cloud/deployment'
import { DynamoItemStore } from '../cloud/dynamo-item-store'
import { FunctionInvoker } from '../cloud/functions'
import { expiresAtS } from '../cloud/keys'
import { PartialStore } from '../cloud/partial-store'
import { ResultStore } from '../cloud/result-store'
import type { Pipeline } from '../core/pipeline/pipeline'
import type { Envelope } from '../core/protocol/envelope'
import { pipelines } from '../pipelines/registry'
import { pipelineVersion } from '../pipelines/version.cjs'
import { knownDeployment, otherVersion } from './burst/known-deployment'
import { widthOf } from './burst/lane-planner'
import { Prewarmer } from './burst/prewarmer'
import { transportOf } from './burst/transports'
import { Retainer } from './closing/retainer'
import { type Config, intakeLimits, lanesOf, retentionInWords } from './config/config'
import { BadConfig, chosenPolicy } from './control/chosen-policy'
import { DeadLetters } from './dead-letters/dead-letters'
import { Replays } from './dead-letters/replays'
import { lockData } from './disk/data-lock'
import { dataUnusable } from './disk/data-unusable'
import { DiskSpace } from './disk/disk-space'
import { keepPrivate } from './disk/private-data'
import { FoldApart, lettersForATrial } from './fold/apart/fold-apart'
import { openSuspects } from './fold/suspects'
import { Watchdog } from './fold/watchdog'
import { createHttp } from './http/http'
import { statusOf } from './http/status'
import { attachLines } from './log/attach-lines'
import { Checkpoints } from './log/checkpoints'
import { fromCloud, openResults } from './log/open-results'
import { readBack } from './log/read-back'
import { afterCheckpoints, takeBackStale } from './log/recovery'
import { EdgeNode } from './node/node'
import { Replayer } from './node/replayer'
import { systemClock } from './observe/clock'
import { openTracing } from './observe/tracing/open-tracing'

const HOUR_MS = 3_600_000

/** A running edge node. */
export interface Edge {
  readonly url: string
  stop(): Promise<void>
}

/** What an edge node runs. */
export interface Program {
  readonly pipelines: ReadonlyMap<string, Pipeline>
  /** The module that they come from: processes that fold apart load it too. */
  readonly registry: string
  /** How long a fold may hold the thread, beyond the time limit of `map`, before the process is ended. */
  readonly heldBeyondMs: number
}

const HELD_BEYOND_MS = 20_000 // a checkpoint, a collection of garbage or a busy machine hold it for a few seconds

const OURS: Program = {
  pipelines,
  registry: join(__dirname, '..', 'pipelines', 'registry.ts'),
  heldBeyondMs: HELD_BEYOND_MS,
}

/**
 * Starts an edge node: reads the deployment, recovers the log, listens. Rejects with BadConfig, CloudUnread,
 * CannotRecover, DataUnusable, DataInUse, CannotLock or LogFailed, each of which says what to do.
 */
export async function startEdge(config: Config, logger: Logger, program = OURS): Promise<Edge> {
  return start(config, logger, program).catch((error: unknown) => {
    throw dataUnusable(error, config.dataDir)
  })
}

async function start(config: Config, logger: Logger, program: Program): Promise<Edge> {
  const pipeline = program.pipelines.get(config.pipeline)
  if (pipeline === undefined) {
    const names = [...program.pipelines.keys()].join(', ')
    throw new BadConfig(`there is no pipeline "${config.pipeline}"; there are: ${names}`)
  }
  const version = pipelineVersion()
  const named = (component: string) => logger.child({ component })
  const kinesis = kinesisClient(process.env)
  const lambda = lambdaClient()
  const readCloud = async () => {
    const deployment = await readDeployment(cloudFormationClient(), config.stack)
    return { deployment, lanes: await readLanes(kinesis, lambda, deployment) }
  }
  await keepPrivate(config.dataDir, logger)
  const lock = await lockData(config.dataDir)
  const { deployment, lanes } = await knownDeployment(config.dataDir, config.stack, readCloud, logger)
  if (config.transport === 'kinesis') streamOf(deployment, config.stack) // or it says now that there is none
  const other = otherVersion(version, deployment.version)
  if (other !== null) logger.warn({ stack: config.stack }, other)
  const checkpoints = await Checkpoints.open(join(config.dataDir, 'checkpoints'))
  const checkpoint = await checkpoints.newest()
  const { damaged } = checkpoints
  for (const file of damaged) logger.warn({ file }, 'a checkpoint is damaged; the one before it is taken')
  const limits = { intake: intakeLimits(config), heldBytes: config.maxBacklogBytes }
  const { log, keys, tornBytes, recovered, repeated, records } = await afterCheckpoints(damaged, () =>
    readBack(config.dataDir, { pipeline, version, limits, checkpoint }, Date.now()),
  )
  if (tornBytes > 0) logger.warn({ tornBytes }, 'a torn tail was cut off the log; nothing of it had been answered')
  const dynamo = dynamoClient()
  const partialItems = new DynamoItemStore(dynamo, deployment.partialsTable)
  const resultItems = new DynamoItemStore(dynamo, deployment.resultsTable)
  const resultStore = new ResultStore(resultItems, expiresAtS)
  const copies = fromCloud(pipeline.name, recovered.boot.incarnation, resultStore)
  const { results, finals } = await openResults(config.dataDir, checkpoint, recovered.finals, copies)
  await log.append([recovered.boot])
  const burstFunction = new FunctionInvoker(burstClient(config.maxInvokes), deployment.burstFunction)
  const prewarmer = new Prewarmer(burstFunction, lanesOf(config, lanes), named('prewarmer'), config.keepWarmEveryMs)
  const deadLettersFolder = join(config.dataDir, 'dead-letters')
  const deadLetters = await DeadLetters.open(deadLettersFolder, pipeline, results, recovered.ledger.neededOffset())
  takeBackStale(recovered.ledger, deadLetters)
  const { ledger } = recovered
  await attachLines(ledger, log, ledger.unattached(), config.maxBacklogBytes)
  const replays = await Replays.open(config.dataDir, repeated)
  const tornLines = deadLetters.tornBytes + replays.tornBytes
  if (tornLines > 0)
    logger.warn({ tornLines }, 'bytes of a torn write were cut off dead letters or replays; nobody saw them')
  const suspects = await openSuspects(config.dataDir, [...ledger.queued(), ...ledger.unattached()], named('apart'))
  const apartDeps = { pipeline, registry: program.registry, logger: named('apart') }
  const foldApart = new FoldApart({ ...apartDeps, deadLetters })
  const diskSpace = new DiskSpace(config.dataDir, config.reservedDiskBytes, systemClock, lock.stands)
  await diskSpace.start()
  const onLanes = (wider: Lanes) => {
    prewarmer.lanes = lanesOf(config, wider)
  }
  const width = widthOf({ config, kinesis, lambda, deployment, lanes, onLanes, logger: named('capacity') })
  const identity = { pipeline: pipeline.name, version, incarnation: recovered.boot.incarnation }
  const tracing = await openTracing({ config, ...identity, logger, clock: systemClock }, process.env)
  const node = new EdgeNode({
    config,
    pipeline,
    log,
    checkpoints,
    diskSpace,
    recovered,
    results,
    finals,
    keys,
    deadLetters,
    cloud: {
      partials: new PartialStore(partialItems, expiresAtS),
      results: resultStore,
      merge: new FunctionInvoker(lambda, deployment.mergeFunction),
    },
    policy: await chosenPolicy(config, () => width.lanes.consumer),
    prewarmer,
    meters: [partialItems.meter, resultItems.meter],
    lanes: () => width.lanes,
    transport: transportOf(config, { kinesis, burst: burstFunction }, deployment),
    logger,
    clock: systemClock,
    trace: tracing.trace,
    care: { suspects, foldApart: (envelope) => foldApart.fold(envelope) },
  })
  const retention = { ageMs: config.retentionHours * HOUR_MS, bytes: config.retentionBytes }
  const needed = () => node.needed()
  const retained = { results, finals, deadLetters, replays, needed, logger: named('retention') }
  const retainer = new Retainer(retained, retention, systemClock)
  await retainer.look() // so that nothing is served that a crash kept from being taken away
  const tryApart = (envelope: Envelope) =>
    new FoldApart({ ...apartDeps, deadLetters: lettersForATrial() }).fold(envelope)
  const replayed = { pipeline, version, deadLetters, replays, results, node, clock: systemClock }
  const replayer = new Replayer({ ...replayed, foldApart: tryApart })
  const status = () => statusOf({ node, pipeline: pipeline.name, identity: recovered.boot, config, width, results })
  const http = createHttp({
    config,
    pipeline,
    node,
    results,
    deadLetters,
    replays,
    replayer,
    status,
    log,
    diskSpace,
    logger: named('http'),
  })
  // Listening comes before folding: whatever the fold of what was recovered does, the node says what it is about.
  const url = await http.listen({ host: config.host, port: config.port }).catch((error: Error) => {
    throw new BadConfig(`${config.host}:${config.port} cannot be listened on (${error.message}); choose another --port`)
  })
  logger.info(
    {
      url,
      pipeline: pipeline.name,
      version,
      recoveredRecords: records,
      lanes,
      retention: retentionInWords(config),
    },
    'the edge node is listening',
  )
  const watchdog = Watchdog.start(pipeline.mapTimeoutMs + program.heldBeyondMs)
  node.start()
  retainer.start()
  if (config.mode !== 'never' && config.policy !== 'none' && config.maxUsdPerHour > 0) prewarmer.start()
  await width.start(node)
  return {
    url,
    stop: async () => {
      await http.close()
      diskSpace.stop()
      prewarmer.stop()
      await retainer.stop()
      await width.stop()
      await foldApart.close()
      await node.stop()
      await watchdog.stop()
      await tracing.stop()
      await replays.close()
      await lock.release()
    },
  }
}
