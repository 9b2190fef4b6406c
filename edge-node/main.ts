import type { Logger } from 'pino'
import { ensureBuilt } from '../dashboard/ensure-built'
import { toldToStop } from '../program/parent-ended'
import { cloudVariables } from './config/cloud'
import { type Configuration, EDGE_CHECK, EDGE_NODE, type Program, readConfiguration } from './config/command-line'
import { printedConfig } from './config/resolve'
import { UnknownFlag, UnusableConfig } from './config/unusable'
import { type Edge, startEdge } from './edge-node'
import { inWords } from './inspection/finding'
import { inspect } from './inspection/inspection'
import { createLogger } from './observe/logger'
import { type Output, stillWaiting, TERMINAL } from './observe/output'

const STOP_TIMEOUT_MS = 8_000 // before those who ask for a stop lose patience, often after 10 s
const WHAT_NOW =
  'the node ends by the error below; start it again: all that was accepted is in its log. Where an event did it, the second time that event is found and dead-lettered'

/** The edge node; resolves to the exit code when it has stopped. */
export const main = (args: readonly string[], output = TERMINAL): Promise<number> => runAs(EDGE_NODE, args, output)

/** The same with `--check`. */
export const check = (args: readonly string[], output = TERMINAL): Promise<number> =>
  runAs(EDGE_CHECK, ['--check', ...args], output)

async function runAs(program: Program, args: readonly string[], { out, err }: Output): Promise<number> {
  try {
    const configuration = readConfiguration(args, process.env, process.cwd(), program)
    if ('help' in configuration) {
      out(configuration.help.trimEnd())
      return 0
    }
    return await perform(configuration, out, err)
  } catch (error) {
    if (!(error instanceof UnusableConfig)) throw error
    err(`${error.message}\nSee ${program.name} --help.`)
    return args.includes('--check') && !(error instanceof UnknownFlag) ? 1 : 2
  }
}

async function perform(configuration: Configuration, out: Output['out'], err: Output['err']): Promise<number> {
  switch (configuration.task) {
    case 'run':
      return run(configuration, err)
    case 'print':
      out(printedConfig(configuration))
      return 0
    case 'check': {
      Object.assign(process.env, cloudVariables(configuration.config.cloud, process.env))
      const findings = await stillWaiting(inspect(configuration, process.env), err)
      const isSound = findings.every(({ verdict }) => verdict !== 'problem')
      out(configuration.isJson ? JSON.stringify({ sound: isSound, findings }, null, 2) : inWords(findings))
      return isSound ? 0 : 1
    }
  }
}

async function run({ config, file }: Configuration, err: Output['err']): Promise<number> {
  Object.assign(process.env, cloudVariables(config.cloud, process.env))
  const logger = createLogger(config.logLevel)
  if (file !== null) logger.info({ file }, 'settings were read from a file')
  process.on('uncaughtExceptionMonitor', () => logger.fatal(WHAT_NOW))
  const page = ensureBuilt().then((built) => {
    if (built.kind === 'impossible') logger.warn({ reason: built.reason }, 'the dashboard could not be built')
  })
  const edge = await startEdge(config, logger).catch((error: Error & { code?: string; retryable?: boolean }) => {
    if (error.retryable === undefined) throw error // a bug
    err(`The edge node cannot start (${error.code}): ${error.message}`)
    return null
  })
  if (edge === null) return 1
  const stopped = toldToStop()
  void page.then(() => process.send?.({ url: edge.url }))
  await stopped
  await stop(edge, logger)
  return 0
}

/**
 * Stops in bounded time: what a sick disk or a silent cloud keeps from being done now, the next start does from the
 * log.
 */
async function stop(edge: Edge, logger: Logger): Promise<void> {
  const tooLong = new Promise<void>((resolve) => {
    setTimeout(() => {
      logger.warn('stopping took too long; the next start goes on from the log')
      resolve()
    }, STOP_TIMEOUT_MS)
  })
  const done = edge.stop().catch((error) => {
    logger.warn({ error: String(error) }, 'not everything could be written; the next start goes on from the log')
  })
  await Promise.race([done, tooLong])
}

if (require.main === module) void main(process.argv.slice(2)).then((code) => process.exit(code))
