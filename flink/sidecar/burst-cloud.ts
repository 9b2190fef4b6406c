import type { Logger } from 'pino'
import { burstClient, cloudFormationClient, dynamoClient, kinesisClient, lambdaClient } from '../../cloud/clients'
import { type Lanes, readDeployment, readLanes } from '../../cloud/deployment'
import { DynamoItemStore } from '../../cloud/dynamo-item-store'
import { FunctionInvoker } from '../../cloud/functions'
import type { CapacityMeter } from '../../cloud/item-store'
import { expiresAtS } from '../../cloud/keys'
import { PartialStore } from '../../cloud/partial-store'
import { noCloudHalf } from '../../edge-node/burst/cloud-half'
import type { Transport } from '../../edge-node/burst/envelope-sender'
import { Prewarmer } from '../../edge-node/burst/prewarmer'
import { transportOf } from '../../edge-node/burst/transports'
import { type Config, lanesOf } from '../../edge-node/config/config'

/** The cloud half as the sidecar uses it. */
export interface BurstCloud {
  readonly partials: PartialStore
  readonly transport: Transport
  readonly prewarmer: Prewarmer
  readonly meters: readonly CapacityMeter[]
  readonly lanes: Lanes
}

/** Reads the deployment that the settings name. Rejects with CloudUnread, which says what to do. */
export async function openBurstCloud(config: Config, logger: Logger): Promise<BurstCloud> {
  const kinesis = kinesisClient(process.env)
  const deployment = await readDeployment(cloudFormationClient(), config.stack)
  const lanes = await readLanes(kinesis, lambdaClient(), deployment)
  const items = new DynamoItemStore(dynamoClient(), deployment.partialsTable)
  const burst = new FunctionInvoker(burstClient(config.maxInvokes), deployment.burstFunction)
  return {
    partials: new PartialStore(items, expiresAtS),
    transport: transportOf(config, { kinesis, burst }, deployment),
    prewarmer: new Prewarmer(burst, lanesOf(config, lanes), logger, config.keepWarmEveryMs),
    meters: [items.meter],
    lanes,
  }
}

/** No cloud at all, for mode `never` and where there is none: nothing is ever sent. */
export function noCloud(logger: Logger): BurstCloud {
  const { partials, transport, prewarmer, meters, width } = noCloudHalf(logger)
  return { partials, transport, prewarmer, meters, lanes: width.lanes }
}
