import { mkdir, readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { ensurePackaged } from '../../localstack/package'
import { ensureKafka, keepBroker } from '../kafka/broker'
import type { Kafka } from '../kafka/topics'
import type { Stoppable } from '../processes/child'
import type { Kept } from '../processes/java/keep-running'
import { type Cluster, startCluster } from './cluster/cluster'
import { ensureJobPackaged } from './job-jar'
import { type KeptCloud, keepCloud } from './kept-cloud'
import { type StartedSidecar, startedSidecar } from './sidecar-process'

/** Everything that a job needs, on this machine, a process each. The sidecar is there with the first job. */
export interface Stage {
  readonly cloud: KeptCloud
  readonly broker: Pick<Kept, 'kill'>
  readonly kafka: Kafka
  readonly sidecar: StartedSidecar
  readonly cluster: Cluster
}

export interface StageOptions {
  /** Folder of this run; emptied first. */
  readonly dataDir: string
  readonly pipeline: string
  readonly mode: 'auto' | 'always' | 'never'
  /** Events per second that the sidecar folds, in hundreds of five. */
  readonly capacity: number
  readonly kafkaPort: number
  readonly restPort: number
  readonly slots: number
  readonly isHighlyAvailable: boolean
}

export const SLOT_RATE = 500 // events per second of one slot of the simulated pricing service: 2 ms an event
const MADE_BY = 'kafka' // a folder that an earlier run has made has this one in it

/** Builds and fetches what is missing, and starts all of it. What it starts is added to `children`. */
export async function startStage(
  options: StageOptions,
  children: Stoppable[],
  say: (text: string) => void,
): Promise<Stage> {
  const { dataDir, pipeline, mode, kafkaPort, restPort, slots, isHighlyAvailable } = options
  await ensureKafka(say)
  await ensureJobPackaged(say)
  await ensurePackaged()
  await emptyFolder(dataDir)
  const folder = path.join(dataDir, 'flink')
  await mkdir(folder)
  say('Starting the embedded cloud, a Kafka broker and a Flink cluster with its sidecar, all on this machine.')
  const cloud = await keepCloud(path.join(dataDir, 'functions.log'), children, say)
  const broker = await keepBroker({ folder: path.join(dataDir, 'kafka'), port: kafkaPort }, children, say)
  const kafka = { bootstrap: broker.bootstrap, logFile: path.join(dataDir, 'kafka-commands.log') }
  const pricingSlots = options.capacity / SLOT_RATE
  const sidecar = startedSidecar({ folder: dataDir, pipeline, mode, endpoint: cloud.endpoint, pricingSlots }, say)
  const cluster = await startCluster({ folder, restPort, slots, isHighlyAvailable }, children, say)
  return { cloud, broker, kafka, sidecar, cluster }
}

async function emptyFolder(folder: string): Promise<void> {
  const found = await readdir(folder).catch((): string[] => [])
  if (found.length > 0 && !found.includes(MADE_BY)) {
    throw new Error(`${folder} is not from an earlier run; choose another --data-dir`)
  }
  await rm(folder, { recursive: true, force: true })
  await mkdir(path.join(folder, MADE_BY), { recursive: true })
}
