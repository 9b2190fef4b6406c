import { Command } from 'commander'
import { type Logger, pino } from 'pino'
import { z } from 'zod'
import { configSchema } from './config'
import { type Edge, startEdge } from './edge'

const STOP_TIMEOUT_MS = 8_000 // before those who ask for a stop lose patience, often after 10 s

const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

function program(): Command {
  const command = new Command('edge')
    .description('The edge node: takes events over HTTP, computes windows, and bursts what does not fit to AWS Lambda.')
    .addHelpText(
      'after',
      '\nThe cloud is found by the standard variables: AWS_REGION, AWS_ENDPOINT_URL, and the credentials chain.',
    )
    .option('--log-level <level>', 'trace, debug, info, warn, error or silent', 'info')
  for (const [name, field] of Object.entries(configSchema.shape)) {
    command.option(`--${kebab(name)} <value>`, `${field.description} (default: ${field.parse(undefined)})`)
  }
  return command
}

async function main(): Promise<void> {
  const { logLevel, ...options } = program().parse().opts()
  const config = configSchema.safeParse(options)
  if (!config.success) {
    console.error(`The configuration cannot be used:\n${z.prettifyError(config.error)}\nSee --help.`)
    process.exit(2)
  }
  const logger = pino({ level: logLevel })
  const edge = await startEdge(config.data, logger).catch((error: Error & { code?: string; retryable?: boolean }) => {
    if (error.retryable === undefined) throw error // a bug
    console.error(`The edge node cannot start (${error.code}): ${error.message}`)
    process.exit(1)
  })
  process.send?.({ url: edge.url })
  const stop = stopOnce(edge, logger)
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  process.on('disconnect', stop) // the program that started it is gone
}

/** Stops in bounded time: what a sick disk or a silent cloud keeps from being done now, the next start does from the log. */
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
