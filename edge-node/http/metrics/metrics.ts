// For: the node in numbers, read when they are asked for.
// In: what the parts of the node count.
// Out: families of metrics for Prometheus.

import type { FastifyInstance } from 'fastify'
import { collectDefaultMetrics, Registry } from 'prom-client'
import type { Config } from '../../config/config'
import type { DiskSpace } from '../../disk/disk-space'
import type { DurableLog } from '../../log/log'
import type { EdgeNode } from '../../node/node'
import { Buckets, DELAY_BOUNDS_S } from '../../observe/histogram'
import type { Status } from '../status'
import { BURST_METRICS, BURST_PART_METRICS } from './bursting'
import { EVENT_METRICS, PACE_METRICS } from './events'
import { exposition } from './exposition'
import type { Metric } from './family'
import { RequestCounts } from './family'
import { MACHINE_METRICS } from './machine'
import type { Observed } from './observed'
import { COST_METRICS } from './spending'
import { WINDOW_METRICS } from './windows'

/** What the metrics are read from. */
export interface MetricSources {
  readonly config: Config
  readonly status: () => Status
  readonly node: EdgeNode
  readonly log: Pick<DurableLog, 'healthy' | 'flushCounts'>
  readonly diskSpace: Pick<DiskSpace, 'freeBytes'>
}

const EVENTS = '/v1/events'
const ACCEPTED = 202

/** `GET /metrics`, and the counts of requests. Everything else is read from the node when it is asked for. */
export function metricsRoutes(app: FastifyInstance, sources: MetricSources): void {
  const requests = new RequestCounts()
  const ack = new Buckets(DELAY_BOUNDS_S)
  let deadLetters = 0
  app.addHook('onResponse', async ({ method, is404, routeOptions }, { statusCode, elapsedTime }) => {
    const route = is404 ? undefined : routeOptions.url
    requests.add(route, method, statusCode)
    if (route === EVENTS && statusCode === ACCEPTED) ack.record(elapsedTime)
  })
  serveMetrics(app, () => {
    // A recall takes dead letters back until they are folded again, and a counter must not go back.
    deadLetters = Math.max(deadLetters, sources.node.events.deadLettered)
    const observed = { ...observe(sources), deadLetters, requests: requests.all() }
    return exposition(METRICS, { ...observed, durations: { ...observed.durations, ack: ack.read() } })
  })
}

/** `GET /metrics`: what `ours` says, and the metrics of the process. */
export function serveMetrics(app: FastifyInstance, ours: () => string): void {
  let ofProcess: Registry | undefined
  app.get('/metrics', async (_request, reply) => {
    const text = ours()
    ofProcess ??= processMetrics()
    return reply.type(ofProcess.contentType).send(`${text}\n${await ofProcess.metrics()}`)
  })
}

/**
 * Gauges of the library that end like counters, and so break what goes by names. Each only sums up one that stays, by
 * type.
 */
const MISNAMED = ['handles', 'requests', 'resources'].map((what) => `nodejs_active_${what}_total`)

/** Those of the process and of Node: CPU, memory, file descriptors, event loop, garbage collection. */
function processMetrics(): Registry {
  const register = new Registry()
  collectDefaultMetrics({ register })
  for (const gauge of MISNAMED) register.removeSingleMetric(gauge)
  return register
}

type OfNode = Omit<Observed, 'deadLetters' | 'requests' | 'durations'> & {
  readonly durations: Omit<Observed['durations'], 'ack'>
}

/** Reads the node now. */
function observe({ config, status, node, log, diskSpace }: MetricSources): OfNode {
  const { overflow, finisher, arrivals, checkpointer } = node
  const { failed, divertMs } = overflow.sender.counters()
  const { cloudState: state, reclaims, oldestInFlightMs, sentEnvelopes } = overflow
  return {
    status: status(),
    limits: config,
    recalledEvents: node.folding.recalledEvents,
    answerBytes: node.progress.answerBytes,
    cloud: { state, reclaims, oldestInFlightMs, sentEnvelopes, failedSends: failed, divertMs },
    durations: {
      processingDelay: arrivals.bucketCounts(),
      putToPartial: overflow.latency.bucketCounts(),
      burstParts: node.burstParts.bucketCounts(),
      windowLatency: finisher.latency.bucketCounts(),
      logFlush: log.flushCounts(),
    },
    disk: {
      freeBytes: diskSpace.freeBytes,
      logHealthy: log.healthy,
      checkpointAgeMs: checkpointer.ageMs,
      checkpointsFailed: checkpointer.failed,
    },
  }
}

/**
 * Every metric of the node itself, by the question that it answers. Those of the process come with them, by their usual
 * names.
 */
export const METRIC_TOPICS: Readonly<Record<string, readonly Metric<Observed>[]>> = {
  'Is it keeping up?': [...EVENT_METRICS, ...PACE_METRICS],
  'Are results final in time?': WINDOW_METRICS,
  'Is it bursting?': [...BURST_METRICS, ...BURST_PART_METRICS],
  'What does it cost?': COST_METRICS,
  'Is anything wrong?': MACHINE_METRICS,
}

/** The same in one list. */
export const METRICS: readonly Metric<Observed>[] = Object.values(METRIC_TOPICS).flat()
