import { randomUUID } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Logger } from 'pino'
import type { Consumer } from '../../core/control/cost'
import { cloudVariables } from '../../edge-node/config/cloud'
import { readConfiguration } from '../../edge-node/config/command-line'
import { burstLingerMs, type Config } from '../../edge-node/config/config'
import { UnusableConfig } from '../../edge-node/config/unusable'
import { chosenPolicy } from '../../edge-node/control/chosen-policy'
import { Watchdog } from '../../edge-node/fold/watchdog'
import { systemClock } from '../../edge-node/observe/clock'
import { createLogger } from '../../edge-node/observe/logger'
import { type Output, TERMINAL } from '../../edge-node/observe/output'
import { loadProgram } from '../../program/program'
import { noCloud, openBurstCloud } from './burst-cloud'
import { FoldStage } from './fold/fold-stage'
import { foldingOf } from './fold/folding'
import { KeptEnvelopes } from './kept-envelopes'
import { type OwnOptions, ownOptions } from './own-options'
import { sidecarServer } from './server'
import { EventDelays, factsOf } from './sidecar-facts'
import { StandingOrders } from './standing-orders'

/** At 2,000 events a second an eighth of a second of work: what bursts is cut fine, and a hop costs little. */
const MAX_ENVELOPE_EVENTS = 256

/** Beyond `mapTimeout`, for what else holds the thread; as in the edge node. What it ends is started again. */
const HELD_BEYOND_MS = 20_000

const HELP = `Usage: spillway sidecar [options]

The process beside a Flink TaskManager that admits, folds, merges and presents for the job in flink/.

Options:
  --listen <address>   unix:FILE or HOST:PORT, where the job finds it (default: unix:.spillway/sidecar.sock);
                       a port has to be on loopback
  --until-stdin-ends   it ends with its standard input: for a TaskManager that starts it
  -h, --help           print this help
Settings have the names that the edge node has for them: spillway edge --help.

Examples:
  spillway sidecar --pipeline bids --mode never
  spillway sidecar --pipeline bids --listen 127.0.0.1:7171 --transport invoke

Exit code: 0 it ran until it was stopped; 1 it cannot start, with the reason; 2 wrong usage.`

/** Resolves to the exit code when it has ended. */
export async function main(args: readonly string[], { out, err }: Output = TERMINAL): Promise<number> {
  try {
    const own = ownOptions(args)
    const configuration = readConfiguration(own.rest, process.env, process.cwd())
    if ('help' in configuration) {
      out(HELP)
      return 0
    }
    return await run(configuration.config, own, createLogger(configuration.config.logLevel), err)
  } catch (error) {
    return explain(error as Error, err)
  }
}

/** The exit code of an error that was to be expected; throws any other. */
function explain(error: Error & { readonly code?: string; readonly retryable?: boolean }, err: Output['err']): number {
  if (error instanceof UnusableConfig) {
    err(`${error.message}\nSee spillway sidecar --help.`)
    return 2
  }
  if (error.retryable === undefined) throw error
  err(`The sidecar cannot start (${error.code}): ${error.message}`)
  return 1
}

async function run(
  config: Config,
  { listen, endsWithStdin }: OwnOptions,
  logger: Logger,
  err: Output['err'],
): Promise<number> {
  const { pipeline, version, module } = loadProgram(config.pipeline, process.cwd(), join(config.dataDir, 'bundles'))
  const orders = new StandingOrders(config, systemClock)
  Object.assign(process.env, cloudVariables(config.cloud, process.env))
  const canBurst = config.mode !== 'never' && config.cloud !== 'none'
  const cloud = canBurst ? await openBurstCloud(orders.config, logger) : noCloud(logger)
  const consumer = (): Consumer => cloud.lanes.consumer
  const policy = await chosenPolicy(config, consumer)
  const incarnation = randomUUID().replaceAll('-', '')
  const folding = foldingOf(pipeline, module, logger)
  await folding.ready // before it listens: what waited for it would look like a slow fold
  const folded = { orders, pipeline, version, incarnation, cloud, folding, policy, logger, clock: systemClock }
  const stage = new FoldStage(folded)
  const delays = new EventDelays()
  const kept = new KeptEnvelopes(config.maxBacklogBytes)
  const server = sidecarServer(
    {
      ...{ pipeline, version, kept },
      limits: config,
      cutting: {
        idleTimeoutMs: config.idleTimeoutMs,
        maxEnvelopeEvents: MAX_ENVELOPE_EVENTS,
        maxEnvelopeBytes: config.maxEnvelopeBytes,
        lingerMs: Math.round(burstLingerMs(config, consumer())),
      },
      fold: async (lines) => {
        const folded = await stage.fold(lines)
        delays.folded(lines.timestampsMs, Date.now())
        return folded
      },
      isFull: () => stage.isFull,
      facts: () => factsOf({ stage, orders, cloud, kept, delays, canBurst, version, incarnation }),
      obey: (next) => stage.obey(next),
      epochMs: Date.now,
    },
    logger,
  )
  if ('path' in listen) {
    mkdirSync(dirname(listen.path), { recursive: true, mode: 0o700 })
    rmSync(listen.path, { force: true }) // what a process that was killed has left
  }
  const failed = new Promise<number>((resolve) => {
    server.on('error', (error) => {
      err(`The sidecar cannot listen there (${error.message}); choose another --listen.`)
      resolve(1)
    })
  })
  server.listen(listen, () => {
    logger.info({ listen, pipeline: pipeline.name, version }, 'the sidecar is listening')
    process.send?.({ listen })
  })
  stage.start()
  if (config.mode !== 'never' && config.policy !== 'none' && config.maxUsdPerHour > 0) cloud.prewarmer.start()
  Watchdog.start(pipeline.mapTimeoutMs + HELD_BEYOND_MS, 'The sidecar', 'Whoever started it starts it again.')
  return Promise.race([failed, toldToEnd(endsWithStdin)]) // it has nothing of its own: the job asks again for what is open
}

/** Resolves to the exit code. */
function toldToEnd(endsWithStdin: boolean): Promise<number> {
  return new Promise((resolve) => {
    const stop = () => resolve(0)
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
    process.on('disconnect', stop)
    if (endsWithStdin) process.stdin.on('end', stop).on('error', stop).resume()
  })
}

if (require.main === module) void main(process.argv.slice(2)).then((code) => process.exit(code))
