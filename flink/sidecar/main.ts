import { randomUUID } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Logger } from 'pino'
import type { Consumer } from '../../core/control/cost'
import { readConfiguration } from '../../edge-node/config/command-line'
import { burstLingerMs, type Config } from '../../edge-node/config/config'
import { UnusableConfig } from '../../edge-node/config/unusable'
import { chosenPolicy } from '../../edge-node/control/chosen-policy'
import { Watchdog } from '../../edge-node/fold/watchdog'
import { systemClock } from '../../edge-node/observe/clock'
import { createLogger } from '../../edge-node/observe/logger'
import { pipelines } from '../../pipelines/registry'
import { pipelineVersion } from '../../pipelines/version.cjs'
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

const HELP = `Usage: npm run sidecar -- [--listen unix:FILE | HOST:PORT] [--until-stdin-ends] [settings of the edge node]

The process beside a Flink TaskManager that admits, folds, merges and presents for the job in flink/.
  --listen   where the job finds it (default: unix:.spillway/sidecar.sock); a port has to be on loopback
  --until-stdin-ends   it ends with its standard input: for a TaskManager that starts it
Settings have the names that the edge node has for them: npm run edge -- --help.
`

async function main(): Promise<void> {
  const own = ownOptions(process.argv.slice(2))
  const configuration = readConfiguration(own.rest, process.env, process.cwd())
  if ('help' in configuration) {
    process.stdout.write(HELP)
    return
  }
  await run(configuration.config, own, createLogger(configuration.config.logLevel))
}

async function run(config: Config, { listen, endsWithStdin }: OwnOptions, logger: Logger): Promise<void> {
  const pipeline = pipelines.get(config.pipeline)
  if (pipeline === undefined) {
    const names = [...pipelines.keys()].join(', ')
    throw new UnusableConfig([`there is no pipeline "${config.pipeline}"; there are: ${names}`])
  }
  const version = pipelineVersion()
  const orders = new StandingOrders(config, systemClock)
  const canBurst = config.mode !== 'never'
  const cloud = canBurst ? await openBurstCloud(orders.config, logger) : noCloud(logger)
  const consumer = (): Consumer => cloud.lanes.consumer
  const policy = await chosenPolicy(config, consumer)
  const incarnation = randomUUID().replaceAll('-', '')
  const folding = foldingOf(pipeline, join(__dirname, '../..', 'pipelines', 'registry.ts'), logger)
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
  server.on('error', (error) => {
    console.error(`The sidecar cannot listen there (${error.message}); choose another --listen.`)
    process.exit(1)
  })
  server.listen(listen, () => {
    logger.info({ listen, pipeline: pipeline.name, version }, 'the sidecar is listening')
    process.send?.({ listen })
  })
  stage.start()
  if (config.mode !== 'never' && config.policy !== 'none' && config.maxUsdPerHour > 0) cloud.prewarmer.start()
  const stop = () => process.exit(0) // it has nothing of its own: the job asks again for what is open
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  process.on('disconnect', stop)
  if (endsWithStdin) process.stdin.on('end', stop).on('error', stop).resume()
  Watchdog.start(pipeline.mapTimeoutMs + HELD_BEYOND_MS, 'The sidecar', 'Whoever started it starts it again.')
}

main().catch((error: Error & { code?: string; retryable?: boolean }) => {
  if (error instanceof UnusableConfig) {
    console.error(error.message)
    process.exit(2)
  }
  if (error.retryable === undefined) throw error
  console.error(`The sidecar cannot start (${error.code}): ${error.message}`)
  process.exit(1)
})
