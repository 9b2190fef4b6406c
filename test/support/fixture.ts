import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach } from '@jest/globals'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import { type Logger, pino } from 'pino'
import { BurstFunction } from '../../cloud/burst-function'
import { count } from '../../core/aggregates/count'
import { sum } from '../../core/aggregates/sum'
import { policyNamed } from '../../core/control/policies'
import { type Pipeline, type PipelineOptions, pipeline } from '../../core/pipeline/pipeline'
import { tumbling } from '../../core/pipeline/window'
import type { Transport } from '../../edge-node/burst/envelope-sender'
import { InvokeSender } from '../../edge-node/burst/invoke-sender'
import { Prewarmer } from '../../edge-node/burst/prewarmer'
import { BurstSender } from '../../edge-node/burst/stream-sender'
import { type Config, configSchema, intakeLimits, policyTerms } from '../../edge-node/config/config'
import { DeadLetters } from '../../edge-node/dead-letters/dead-letters'
import { Replays } from '../../edge-node/dead-letters/replays'
import { createHttp } from '../../edge-node/http/http'
import { type Status, statusOf } from '../../edge-node/http/status'
import { attachLines } from '../../edge-node/log/attach-lines'
import { Checkpoints } from '../../edge-node/log/checkpoints'
import { fromCloud, openResults } from '../../edge-node/log/open-results'
import { readBack } from '../../edge-node/log/read-back'
import { EdgeNode } from '../../edge-node/node/node'
import { Replayer } from '../../edge-node/node/replayer'
import { type Clock, systemClock } from '../../edge-node/observe/clock'
import type { Trace } from '../../edge-node/observe/observe'
import type { Results, WindowPage } from '../../edge-node/results/results'
import { eventually } from './eventually'
import { MemoryCloud } from './memory-cloud'
import { temporaryFolders } from './temporary-folder'

/** 2023-01-01T00:00:00Z: long past, so that only later events close windows and never the clock. */
export const T0 = Date.UTC(2023, 0, 1)
export const VERSION = 'v1'
export const SIZE_MS = 10_000
const CLOSE_MS = 3_000 // for the HTTP surface of a node; less than Jest gives to the end of a test

const aggregates = { n: count(), total: sum('v') }
export interface TestEvent {
  readonly k: string
  readonly t: number
  readonly v: number
}

/** Events `{k, t, v}` in windows of 10 s, 1 s out of order, 2 s late; a `v` that is no number dead-letters. */
export function testPipeline(
  options: Partial<PipelineOptions<TestEvent, TestEvent, typeof aggregates>> = {},
): Pipeline {
  return pipeline({
    name: 'test',
    key: 'k',
    timestamp: { field: 't', unit: 'ms' },
    window: tumbling(SIZE_MS),
    outOfOrderness: '1s',
    allowedLateness: '2s',
    aggregates,
    ...options,
  })
}

/** An event of a key, `seconds` after T0. */
export const event = (k: string, seconds: number, v: unknown = 1) => JSON.stringify({ k, t: T0 + seconds * 1_000, v })

export interface NodeOptions {
  /** Where the node keeps its data; a new folder when absent. */
  readonly folder?: string
  readonly pipeline?: Pipeline
  readonly cloud?: MemoryCloud
  readonly config?: Partial<Config>
  readonly clock?: Clock
  readonly logger?: Logger
  readonly trace?: Trace
}

/** A running edge node, its HTTP surface and its cloud. */
export interface TestNode {
  readonly app: FastifyInstance
  readonly node: EdgeNode
  readonly cloud: MemoryCloud
  readonly results: Results
  readonly folder: string
  /** Whether the disk is said to be nearly full. */
  readonly diskSpace: { isLow: boolean; isGone: boolean; freeBytes: number | null }
  post(body: string | Buffer, headers?: Record<string, string>): Promise<LightMyRequestResponse>
  /** Final windows, once there are `least` of them. */
  windows(least: number, query?: string): Promise<WindowPage['windows']>
  status(): Promise<Status>
  stop(): Promise<void>
}

/** Starts nodes that are stopped after each test, and makes their folders. Called at the top of a test file. */
export function testNodes() {
  const newFolder = temporaryFolders()
  const started: TestNode[] = []
  afterEach(async () => {
    const stopping = started.splice(0).map((node) => node.stop().catch(() => undefined)) // a failed log cannot be flushed
    await Promise.all(stopping)
  })
  const start = async (options: NodeOptions = {}): Promise<TestNode> => {
    const node = await startNode({ ...options, folder: options.folder ?? (await newFolder()) })
    started.push(node)
    return node
  }
  return { start, newFolder }
}

export async function startNode(options: NodeOptions & { readonly folder: string }): Promise<TestNode> {
  const opened: { close(): Promise<void> }[] = []
  try {
    return await startOver(options, opened)
  } catch (error) {
    for (const part of opened) await part.close() // its files would stay open where the folder was refused
    throw error
  }
}

async function startOver(
  options: NodeOptions & { readonly folder: string },
  opened: { close(): Promise<void> }[],
): Promise<TestNode> {
  const { folder, pipeline: spec = testPipeline(), clock = systemClock } = options
  const cloud = options.cloud ?? new MemoryCloud(spec, VERSION)
  // The idle timeout is out of reach, so that windows close by events alone.
  const config = configSchema.parse({
    mode: 'never',
    edgeLingerMs: 1,
    burstLingerMs: 1,
    headPollMs: 10,
    idleTimeoutMs: 600_000,
    ...options.config,
  })
  const { logger = pino({ level: 'silent' }), trace } = options
  const traced = trace === undefined ? {} : { trace }
  const checkpoints = await Checkpoints.open(join(folder, 'checkpoints'))
  const checkpoint = await checkpoints.newest()
  const terms = {
    pipeline: spec,
    version: VERSION,
    limits: { intake: intakeLimits(config), heldBytes: config.maxBacklogBytes },
    checkpoint,
  }
  const { log, keys, recovered, repeated } = await readBack(folder, terms, clock.epochMs())
  opened.push(log, keys)
  await attachLines(recovered.ledger, log, recovered.ledger.unattached(), config.maxBacklogBytes)
  const copies = fromCloud(spec.name, recovered.boot.incarnation, cloud.results)
  const { results, finals } = await openResults(folder, checkpoint, recovered.finals, copies)
  await log.append([recovered.boot])
  const deadLettersFolder = join(folder, 'dead-letters')
  const deadLetters = await DeadLetters.open(deadLettersFolder, spec, results, recovered.ledger.neededOffset())
  opened.push(deadLetters)
  const replays = await Replays.open(folder, repeated)
  const prewarmer = new Prewarmer({ invoke: async () => null }, 1, logger)
  const parts = {
    config,
    pipeline: spec,
    log,
    checkpoints,
    recovered,
    results,
    finals,
    keys,
    deadLetters,
    prewarmer,
    logger,
  }
  const diskSpace = { isLow: false, isGone: false, freeBytes: 10e9 }
  const lanes = () => ({ shards: 1, parallelization: 1, consumer: 'standard' as const })
  const meters = [cloud.partialItems.meter, cloud.resultItems.meter]
  const policy = policyNamed(config.policy, policyTerms(config, 'standard'))
  const transport = transportOf(config, cloud, clock)
  const node = new EdgeNode({ ...parts, diskSpace, cloud, clock, lanes, meters, policy, transport, ...traced })
  const replayer = new Replayer({ pipeline: spec, version: VERSION, deadLetters, replays, results, node, clock })
  const status = () =>
    statusOf({
      node,
      pipeline: spec.name,
      identity: recovered.boot,
      config,
      results,
      width: { diagnosis: 'one lane', bottleneck: 'unknown' },
    })
  const shown = { config, pipeline: spec, node, results, deadLetters, replays, replayer, log, diskSpace }
  const app = createHttp({ ...shown, status, logger })
  node.start()
  return { app, node, cloud, results, folder, diskSpace, ...client(app), stop: stopOnce(app, node, replays) }
}

const transportOf =
  ({ transport, maxInvokes }: Config, { stream, burstFunction }: MemoryCloud, clock: Clock): Transport =>
  (hooks) =>
    transport === 'kinesis'
      ? new BurstSender(stream, hooks, clock)
      : new InvokeSender(new BurstFunction(burstFunction), () => maxInvokes, hooks, clock)

function client(app: FastifyInstance): Pick<TestNode, 'post' | 'windows' | 'status'> {
  const get = async (url: string) => (await app.inject(url)).json()
  return {
    post: (payload, headers = {}) => app.inject({ method: 'POST', url: '/v1/events', payload, headers }),
    windows: (least, query = '') =>
      eventually(async () => {
        const { windows } = await get(`/v1/windows?limit=10000&${query}`)
        if (windows.length < least) throw new Error(`${windows.length} windows are final, not ${least}`)
        return windows
      }),
    status: () => get('/v1/status'),
  }
}

function stopOnce(app: FastifyInstance, node: EdgeNode, replays: Replays): () => Promise<void> {
  let stopped: Promise<void> | undefined
  return () => {
    // The one even if the other cannot be stopped: its timers would keep Jest waiting for ever.
    stopped ??= Promise.race([app.close(), sleep(CLOSE_MS, undefined, { ref: false })])
      .finally(() => node.stop())
      .finally(() => replays.close())
    return stopped
  }
}
