import type { Logger } from 'pino'
import { burstClient, cloudFormationClient, dynamoClient, kinesisClient, lambdaClient } from '../../cloud/clients'
import { type Deployment, type Lanes, NO_LANES, readDeployment, readLanes, streamOf } from '../../cloud/deployment'
import { DynamoItemStore } from '../../cloud/dynamo-item-store'
import { FunctionInvoker, InvokeFailed } from '../../cloud/functions'
import type { CapacityMeter } from '../../cloud/item-store'
import { expiresAtS } from '../../cloud/keys'
import { MemoryItemStore } from '../../cloud/memory-item-store'
import { PartialStore } from '../../cloud/partial-store'
import { ResultStore } from '../../cloud/result-store'
import { type Config, lanesOf } from '../config/config'
import type { Transport } from './envelope-sender'
import { knownDeployment, otherVersion } from './known-deployment'
import { type Width, widthOf } from './lane-planner'
import { Prewarmer } from './prewarmer'
import { transportOf } from './transports'

/** The cloud half as a node uses it. */
export interface CloudHalf {
  readonly partials: PartialStore
  readonly results: ResultStore
  readonly merge: Pick<FunctionInvoker, 'invoke'>
  readonly transport: Transport
  readonly prewarmer: Prewarmer
  /** Count what the node's own calls of the tables are billed. */
  readonly meters: readonly CapacityMeter[]
  /** How wide it is, and who watches that. */
  readonly width: Width
}

/** What the node says, in logs and status, where there is no cloud. */
export const NO_CLOUD = 'no cloud: back-pressure above capacity'

/**
 * Reads the deployment that the configuration names, or what was known of it where the cloud is away. Rejects with
 * CloudUnread, which says what to do.
 */
export async function openCloudHalf(
  config: Config,
  program: { readonly name: string; readonly version: string },
  logger: Logger,
): Promise<CloudHalf> {
  const named = (component: string) => logger.child({ component })
  const kinesis = kinesisClient(process.env)
  const lambda = lambdaClient()
  const readCloud = async () => {
    const deployment = await readDeployment(cloudFormationClient(), config.stack)
    return { deployment, lanes: await readLanes(kinesis, lambda, deployment) }
  }
  const { deployment, lanes } = await knownDeployment(config.dataDir, config.stack, readCloud, logger)
  if (config.transport === 'kinesis') streamOf(deployment, config.stack) // or it says now that there is none
  const other = otherVersion(program.name, program.version, deployment.versions)
  if (other !== null) logger.warn({ stack: config.stack }, other)
  const burst = new FunctionInvoker(burstClient(config.maxInvokes), deployment.burstFunction)
  const prewarmer = new Prewarmer(burst, lanesOf(config, lanes), named('prewarmer'), config.keepWarmEveryMs)
  const onLanes = (wider: Lanes) => {
    prewarmer.lanes = lanesOf(config, wider)
  }
  return {
    ...storesOf(deployment),
    merge: new FunctionInvoker(lambda, deployment.mergeFunction),
    transport: transportOf(config, { kinesis, burst }, deployment),
    prewarmer,
    width: widthOf({ config, kinesis, lambda, deployment, lanes, onLanes, logger: named('capacity') }),
  }
}

function storesOf({ partialsTable, resultsTable }: Deployment): Pick<CloudHalf, 'partials' | 'results' | 'meters'> {
  const dynamo = dynamoClient()
  const partials = new DynamoItemStore(dynamo, partialsTable)
  const results = new DynamoItemStore(dynamo, resultsTable)
  return {
    partials: new PartialStore(partials, expiresAtS),
    results: new ResultStore(results, expiresAtS),
    meters: [partials.meter, results.meter],
  }
}

/**
 * No cloud at all: nothing is ever sent, and what an earlier run has sent is folded here from the log. It makes no call
 * of any kind.
 */
export function noCloudHalf(logger: Logger): CloudHalf {
  const invoke = () => Promise.reject(new InvokeFailed('refused', 'no function', NO_CLOUD))
  const counters = { records: 0, bytes: 0, putUnits: 0, invocations: 0, throttled: 0, failed: 0, divertMs: 0 }
  return {
    partials: new PartialStore(new MemoryItemStore(), expiresAtS),
    results: new ResultStore(new MemoryItemStore(), expiresAtS),
    merge: { invoke },
    transport: () => ({ send: () => undefined, counters: () => counters }),
    prewarmer: new Prewarmer({ invoke }, 0, logger),
    meters: [],
    width: {
      lanes: NO_LANES,
      diagnosis: NO_CLOUD,
      bottleneck: 'enough',
      start: async () => undefined,
      stop: async () => undefined,
    },
  }
}
