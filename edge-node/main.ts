import { Command } from 'commander'
import { pino } from 'pino'
import { z } from 'zod'
import { configSchema } from './config'
import { startEdge } from './edge'

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
  const stop = async () => {
    await edge.stop()
    process.exit(0)
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  process.once('disconnect', stop) // the program that started it is gone
}

void main()
