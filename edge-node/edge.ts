import { join } from 'node:path'
import type { Logger } from 'pino'
import { cloudFormationClient, dynamoClient, kinesisClient, lambdaClient } from '../cloud/clients'
import { readDeployment, readLanes } from '../cloud/deployment'
import { DynamoItemStore } from '../cloud/dynamo-item-store'
import { expiresAtS } from '../cloud/expiry'
import { FunctionInvoker } from '../cloud/functions'
import { PartialStore } from '../cloud/partial-store'
import { ResultStore } from '../cloud/result-store'
import { KinesisStream } from '../cloud/stream'
import { pipelines } from '../pipelines/registry'
import { pipelineVersion } from '../pipelines/version.cjs'
import { Checkpoints } from './checkpoints'
import { systemClock } from './clock'
import type { Config } from './config'
import { lockData } from './data-lock'
import { DeadLetters } from './dead-letters'
import { DiskSpace } from './disk-space'
import { createHttp } from './http'
import { knownDeployment } from './known-deployment'
import { DurableLog } from './log'
import { EdgeNode } from './node'
import { Prewarmer } from './prewarmer'
import { attachLines, recover, takeBackStale } from './recovery'
import { Replayer } from './replayer'
import { Replays } from './replays'
import { Results } from './results'
import { statusOf } from './status'

/** A running edge node. */
export interface Edge {
  readonly url: string
  stop(): Promise<void>
}

/** The configuration names something that is not there. Not retryable. */
export class BadConfig extends Error {
  readonly code = 'bad_config'
  readonly retryable = false
}

/**
 * Starts an edge node: reads the deployment, recovers the log, listens. Rejects with BadConfig, NotDeployed, CannotRecover, DataInUse or
 * LogFailed, each of which says what to do.
 */
export async function startEdge(config: Config, logger: Logger): Promise<Edge> {
  const pipeline = pipelines.get(config.pipeline)
  if (pipeline === undefined) {
    throw new BadConfig(`there is no pipeline "${config.pipeline}"; there are: ${[...pipelines.keys()].join(', ')}`)
  }
  const version = pipelineVersion()
  const kinesis = kinesisClient(process.env)
  const lambda = lambdaClient()
  const readCloud = async () => {
    const deployment = await readDeployment(cloudFormationClient(), config.stack)
    return { deployment, lanes: await readLanes(kinesis, lambda, deployment) }
  }
  const unlock = await lockData(config.dataDir)
  const { deployment, lanes } = await knownDeployment(config.dataDir, config.stack, readCloud, logger)
  const checkpoints = await Checkpoints.open(join(config.dataDir, 'checkpoints'))
  const checkpoint = await checkpoints.newest()
  const { log, records, tornBytes } = await DurableLog.open(join(config.dataDir, 'log'), checkpoint?.segment)
  if (tornBytes > 0) logger.warn({ tornBytes }, 'a torn tail was cut off the log; nothing of it had been answered')
  const limits = { answers: config.maxAnswers, openPanes: config.maxOpenPanes, idleTimeoutMs: config.idleTimeoutMs }
  const recovered = recover(pipeline, version, records, limits, Date.now(), checkpoint)
  await log.append([recovered.boot])
  const results = await Results.open(join(config.dataDir, 'results'))
  for (const final of recovered.finals) results.publish(final)
  const dynamo = dynamoClient()
  const partialItems = new DynamoItemStore(dynamo, deployment.partialsTable)
  const resultItems = new DynamoItemStore(dynamo, deployment.resultsTable)
  const burstFunction = new FunctionInvoker(lambda, deployment.burstFunction)
  const prewarmer = new Prewarmer(burstFunction, lanes.shards * lanes.parallelization, logger)
  const deadLettersFolder = join(config.dataDir, 'dead-letters')
  const deadLetters = await DeadLetters.open(deadLettersFolder, pipeline, results, recovered.ledger.neededOffset())
  takeBackStale(recovered.ledger, deadLetters)
  await attachLines(recovered.ledger, log)
  const replays = await Replays.open(config.dataDir, records, checkpoint)
  const diskSpace = new DiskSpace(config.dataDir, config.reservedDiskBytes, systemClock)
  await diskSpace.start()
  const node = new EdgeNode({
    config,
    pipeline,
    log,
    checkpoints,
    diskSpace,
    recovered,
    results,
    deadLetters,
    cloud: {
      partials: new PartialStore(partialItems, expiresAtS),
      results: new ResultStore(resultItems, expiresAtS),
      merge: new FunctionInvoker(lambda, deployment.mergeFunction),
    },
    prewarmer,
    stream: new KinesisStream(kinesis, deployment.stream),
    logger,
    clock: systemClock,
  })
  const replayer = new Replayer({ pipeline, version, deadLetters, replays, results, node, clock: systemClock })
  const sources = {
    node,
    pipeline: pipeline.name,
    identity: recovered.boot,
    lanes,
    prewarmer,
    meters: [partialItems.meter, resultItems.meter],
  }
  const status = () => statusOf(sources)
  const http = createHttp({ config, pipeline, node, results, deadLetters, replays, replayer, status, logger })
  node.start()
  const url = await http.listen({ host: config.host, port: config.port }).catch((error: Error) => {
    throw new BadConfig(`${config.host}:${config.port} cannot be listened on (${error.message}); choose another --port`)
  })
  logger.info(
    { url, pipeline: pipeline.name, version, recoveredRecords: records.length, lanes },
    'the edge node is listening',
  )
  return {
    url,
    stop: async () => {
      await http.close()
      diskSpace.stop()
      await node.stop()
      await replays.close()
      await unlock()
    },
  }
}
