import type { Logger } from 'pino'
import { ensureBuilt } from '../dashboard/ensure-built'
import { cloudVariables } from './config/cloud'
import { type Configuration, readConfiguration } from './config/command-line'
import { printedConfig } from './config/resolve'
import { UnusableConfig } from './config/unusable'
import { type Edge, startEdge } from './edge-node'
import { inWords } from './inspection/finding'
import { inspect } from './inspection/inspection'
import { createLogger } from './observe/logger'

const STOP_TIMEOUT_MS = 8_000 // before those who ask for a stop lose patience, often after 10 s
const WHAT_NOW =
  'the node ends by the error below; start it again: all that was accepted is in its log. Where an event did it, the second time that event is found and dead-lettered'

async function main(): Promise<void> {
  const configuration = configurationOrExit()
  switch (configuration.task) {
    case 'run':
      return run(configuration)
    case 'print':
      console.log(printedConfig(configuration))
      return
    case 'check': {
      Object.assign(process.env, cloudVariables(configuration.config.cloud, process.env))
      const findings = await inspect(configuration, process.env)
      console.log(inWords(findings))
      process.exit(findings.some(({ verdict }) => verdict === 'problem') ? 1 : 0)
    }
  }
}

/** Reads the configuration; where it cannot be used, or only the help was asked for, says so and ends. */
function configurationOrExit(): Configuration {
  try {
    const configuration = readConfiguration(process.argv.slice(2), process.env, process.cwd())
    if (!('help' in configuration)) return configuration
    process.stdout.write(configuration.help)
    process.exit(0)
  } catch (error) {
    if (!(error instanceof UnusableConfig)) throw error
    console.error(error.message)
    process.exit(process.argv.includes('--check') ? 1 : 2)
  }
}

async function run({ config, file }: Configuration): Promise<void> {
  Object.assign(process.env, cloudVariables(config.cloud, process.env))
  const logger = createLogger(config.logLevel)
  if (file !== null) logger.info({ file }, 'settings were read from a file')
  process.on('uncaughtExceptionMonitor', () => logger.fatal(WHAT_NOW))
  const page = ensureBuilt().then((built) => {
    if (built.kind === 'impossible') logger.warn({ reason: built.reason }, 'the dashboard could not be built')
  })
  const edge = await startEdge(config, logger).catch((error: Error & { code?: string; retryable?: boolean }) => {
    if (error.retryable === undefined) throw error // a bug
    console.error(`The edge node cannot start (${error.code}): ${error.message}`)
    process.exit(1)
  })
  const stop = stopOnce(edge, logger)
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  process.on('disconnect', stop) // the program that started it is gone
  await page
  process.send?.({ url: edge.url })
}

/**
 * Stops in bounded time: what a sick disk or a silent cloud keeps from being done now, the next start does from the
 * log.
 */
function stopOnce(edge: Edge, logger: Logger): () => void {
  let stopping = false
  return () => {
    if (stopping) return
    stopping = true
    setTimeout(() => {
      logger.warn('stopping took too long; the next start goes on from the log')
      process.exit(0)
    }, STOP_TIMEOUT_MS)
    edge.stop().then(
      () => process.exit(0),
      (error) => {
        logger.warn({ error: String(error) }, 'not everything could be written; the next start goes on from the log')
        process.exit(0)
      },
    )
  }
}

void main()
