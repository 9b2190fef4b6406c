import { join } from 'node:path'
import { pino } from 'pino'
import { PartialStore } from '../../../cloud/partial-store'
import { ResultStore } from '../../../cloud/result-store'
import { count } from '../../../core/aggregates/count'
import { sum } from '../../../core/aggregates/sum'
import { policyNamed } from '../../../core/control/policies'
import { type Pipeline, pipeline } from '../../../core/pipeline/pipeline'
import { tumbling } from '../../../core/pipeline/window'
import { InvokeSender } from '../../../edge-node/burst/invoke-sender'
import { Prewarmer } from '../../../edge-node/burst/prewarmer'
import { Retainer } from '../../../edge-node/closing/retainer'
import { configSchema, intakeLimits, policyTerms } from '../../../edge-node/config/config'
import { DeadLetters } from '../../../edge-node/dead-letters/dead-letters'
import { readBody } from '../../../edge-node/ingest/request-body'
import { attachLines } from '../../../edge-node/log/attach-lines'
import { Checkpoints } from '../../../edge-node/log/checkpoints'
import { openResults } from '../../../edge-node/log/open-results'
import { readBack } from '../../../edge-node/log/read-back'
import { EdgeNode } from '../../../edge-node/node/node'
import { type Clock, systemClock } from '../../../edge-node/observe/clock'
import type { Results } from '../../../edge-node/results/results'

const LETTER_FILE_BYTES = 256 * 1024 // so that several fill up in the time of the retention: they are deleted as a whole
const LOOK_MS = 200 // of real time: at the pace of a simulation that is some hours
const HOUR_MS = 3_600_000
const VERSION = 'soak'
const REMEMBER_KEYS_MS = 60_000 // so many are remembered before the retention is full: what has a limit of its own is at it

export interface SoakOptions {
  readonly folder: string
  readonly windowMs: number
  /** Simulated time. */
  readonly epochMs: () => number
  readonly retentionHours: number
  readonly checkpointEveryMs: number
}

/**
 * An edge node without HTTP and without a cloud, on a clock that somebody else moves; everything on its disk is real.
 */
export interface SoakNode {
  readonly node: EdgeNode
  readonly results: Results
  /** Sends lines as one request, and resolves when they are on disk. */
  send(key: string, lines: readonly string[]): Promise<void>
  stop(): Promise<void>
}

export async function startSoakNode(options: SoakOptions): Promise<SoakNode> {
  const { folder, retentionHours, checkpointEveryMs } = options
  const spec = soakPipeline(options.windowMs)
  const settings = {
    mode: 'never',
    edgeLingerMs: 1,
    checkpointEveryMs,
    retentionHours,
    rememberKeysMs: REMEMBER_KEYS_MS,
  }
  const config = configSchema.parse(settings)
  const clock: Clock = { ...systemClock, epochMs: options.epochMs }
  const logger = pino({ level: 'warn' })
  const checkpoints = await Checkpoints.open(join(folder, 'checkpoints'))
  const checkpoint = await checkpoints.newest()
  const terms = {
    pipeline: spec,
    version: VERSION,
    limits: { intake: intakeLimits(config), heldBytes: config.maxBacklogBytes },
    checkpoint,
  }
  const { log, keys, recovered } = await readBack(folder, terms, clock.epochMs())
  const { results, finals } = await openResults(folder, checkpoint, recovered.finals)
  await log.append([recovered.boot])
  const lettersFolder = join(folder, 'dead-letters')
  const deadLetters = await DeadLetters.open(
    lettersFolder,
    spec,
    results,
    recovered.ledger.neededOffset(),
    LETTER_FILE_BYTES,
  )
  await attachLines(recovered.ledger, log, recovered.ledger.unattached(), config.maxBacklogBytes)
  const node = new EdgeNode({
    ...{ config, pipeline: spec, log, checkpoints, recovered, results, finals, keys, deadLetters, clock, logger },
    ...noCloud(),
    diskSpace: { isLow: false, isGone: false },
    policy: policyNamed('none', policyTerms(config, 'standard')),
    prewarmer: new Prewarmer({ invoke: away }, 1, logger),
    meters: [],
    lanes: () => ({ shards: 1, parallelization: 1, consumer: 'standard' as const }),
    transport: (hooks) => new InvokeSender({ fold: away }, () => 1, hooks, clock),
  })
  const retention = { ageMs: retentionHours * HOUR_MS, bytes: config.retentionBytes }
  const needed = () => node.needed()
  const replays = { deleteBefore: async () => {} } // nobody replays anything
  const retainer = new Retainer({ results, finals, deadLetters, replays, needed, logger }, retention, clock, LOOK_MS)
  node.start()
  retainer.start()
  const { maxBodyBytes: bodyBytes, maxLineBytes: lineBytes, maxFutureSkewMs: futureSkewMs } = config
  const body = { bodyBytes, lineBytes, lines: config.maxRequestLines, futureSkewMs }
  return {
    node,
    results,
    send: async (key, lines) => {
      const request = readBody(spec, Buffer.from(lines.join('\n')), body, clock.epochMs())
      const ingested = await node.ingest({ key, ...request }, null)
      if (ingested.kind !== 'accepted') throw new Error(`the node does not take it: ${JSON.stringify(ingested)}`)
      if (ingested.answer.accepted !== lines.length) throw new Error('an event of the soak was not accepted')
    },
    stop: async () => {
      await retainer.stop()
      await node.stop()
    },
  }
}

/** Events `{k, t, v}`; a `v` that is no number is dead-lettered. */
const soakPipeline = (windowMs: number): Pipeline =>
  pipeline({
    name: 'soak',
    key: 'k',
    timestamp: { field: 't', unit: 'ms' },
    window: tumbling(windowMs),
    outOfOrderness: 0,
    allowedLateness: 0,
    aggregates: { n: count(), total: sum('v') },
  })

const away = (): Promise<never> => Promise.reject(new Error('a soak has no cloud'))

function noCloud() {
  const meter = { readUnits: 0, readBytes: 0, writeUnits: 0 }
  const items = { meter, putAll: away, putIfAbsent: away, getAll: away, markFinal: away }
  const stores = { partials: new PartialStore(items, () => 0), results: new ResultStore(items, () => 0) }
  return { cloud: { ...stores, merge: { invoke: away } } }
}
