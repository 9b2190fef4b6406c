import { rmSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { isRunning } from '../process'
import { cloudFormationService } from './cloudformation/service'
import { Stacks } from './cloudformation/stacks'
import { dynamodbService } from './dynamodb'
import { type Gateway, listen, type Services } from './gateway'
import { kinesisService } from './kinesis/kinesis-service'
import { KinesisStore } from './kinesis/kinesis-store'
import { AsyncQueue } from './lambda/async-queue'
import { writeBootstrap } from './lambda/code'
import { FunctionHost } from './lambda/function-host'
import { lambdaService } from './lambda/service'
import { Resources } from './resources'
import { createObjectStore } from './s3'
import { createQueueHost } from './sqs/service'
import { type EmbeddedStats, statsOf } from './stats'

export interface EmbeddedCloudOptions {
  /** 0 takes any free port. */
  readonly port: number
  /** Where functions find the cloud, when that is not where it listens: something may stand between. */
  readonly functionEndpoint?: string
  readonly region: string
  /** How long an idle event source mapping waits before it looks again; on AWS a second. */
  readonly pollIntervalMs: number
  /**
   * Invocations at work at the same time, over all functions, before Lambda answers 429. AWS: 1,000, and 10 in new
   * accounts.
   */
  readonly concurrency: number
  /**
   * A function process that had nothing to do for so long is ended; the next call then starts cold. AWS names no
   * figure; 5 minutes and more were measured.
   */
  readonly idleTimeoutMs: number
  /** What functions print, line by line. */
  readonly onFunctionLog: (functionName: string, line: string) => void
}

export interface EmbeddedCloud {
  /** For `AWS_ENDPOINT_URL`, the only switch that the SDK needs. */
  readonly endpoint: string
  stats(): EmbeddedStats
  /** Ends the function processes and removes their files; resolves when nothing is left. */
  stop(): Promise<void>
}

export const DEFAULT_OPTIONS: EmbeddedCloudOptions = {
  port: 4566,
  region: process.env.AWS_REGION ?? 'us-east-1',
  pollIntervalMs: 1000,
  concurrency: 50,
  idleTimeoutMs: 300_000,
  onFunctionLog: (functionName, line) => console.error(`lambda ${functionName} | ${line}`),
}

/**
 * An AWS for this project in one process, behind one loopback port: Kinesis with its limits, event source mappings,
 * Lambda with real processes, DynamoDB, SQS, CloudFormation and a little S3. Empty until something is deployed
 * (`provision`).
 */
export async function startEmbeddedCloud(options: Partial<EmbeddedCloudOptions> = {}): Promise<EmbeddedCloud> {
  const settings = { ...DEFAULT_OPTIONS, ...options }
  const folder = await makeWorkFolder()
  let gateway: Gateway | undefined
  const cloud = assemble(settings, folder, writeBootstrap(folder), () => gateway?.endpoint ?? '')
  // Whatever ends this process, its functions end with it and their files go.
  const onExit = () => {
    cloud.functions.killAll()
    rmSync(folder, { recursive: true, force: true })
  }
  process.once('exit', onExit)
  gateway = await listen(cloud.services, settings.port).catch(async (error: Error) => {
    process.off('exit', onExit)
    await rm(folder, { recursive: true, force: true })
    throw error
  })
  const { endpoint, close } = gateway
  return {
    endpoint,
    stats: cloud.stats,
    stop: async () => {
      await cloud.stop()
      await close()
      await rm(folder, { recursive: true, force: true })
      process.off('exit', onExit)
    },
  }
}

interface Assembly {
  readonly services: Services
  readonly functions: FunctionHost
  stats(): EmbeddedStats
  stop(): Promise<void>
}

function assemble(
  settings: EmbeddedCloudOptions,
  codeFolder: string,
  bootstrapFile: string,
  endpoint: () => string,
): Assembly {
  const { region, onFunctionLog } = settings
  const now = Date.now
  const kinesis = new KinesisStore({ region })
  const dynamodb = dynamodbService()
  const queues = createQueueHost(region, endpoint, now)
  const objects = createObjectStore()
  const functions = new FunctionHost({ ...settings, endpoint, bootstrapFile, codeFolder, onLogLine: onFunctionLog })
  const asyncQueue = new AsyncQueue(functions.invoke)
  const resources = new Resources({ kinesis, dynamodb, queues, objects, functions, now })
  const stats = () => statsOf(functions, kinesis, resources.mappings())
  const services: Services = {
    kinesis: kinesisService(kinesis, now),
    dynamodb,
    sqs: queues.service,
    s3: objects.service,
    lambda: lambdaService(functions, asyncQueue, () => resources.mappings()),
    lambda_runtime: functions.runtimeApi,
    cloudformation: cloudFormationService(new Stacks(resources, now), { ...settings, endpoint }),
    stats: async () => ({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(stats()),
    }),
  }
  const stop = async () => {
    asyncQueue.stop()
    // Mappings wait for their invocations to come back, and those come back because their processes end.
    await Promise.all([...resources.mappings().map((mapping) => mapping.stop()), functions.stop()])
  }
  return { services, functions, stats, stop }
}

/** A new temporary folder of this process. Removes the folders of earlier clouds that were killed before they could. */
export async function makeWorkFolder(): Promise<string> {
  for (const name of await readdir(tmpdir())) {
    const [, pid] = /^spillway-cloud-(\d+)-/.exec(name) ?? []
    if (pid !== undefined && !isRunning(Number(pid)))
      await rm(path.join(tmpdir(), name), { recursive: true, force: true })
  }
  return mkdtemp(path.join(tmpdir(), `spillway-cloud-${process.pid}-`))
}
