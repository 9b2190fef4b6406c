import { createWriteStream } from 'node:fs'
import { Command } from 'commander'
import { ensurePackaged } from '../package'
import { provision } from '../provision'
import { readyScreen } from '../screen'
import { collectParam, endOnWrongUsage, wholeNumber } from '../wrong-usage'
import { DEFAULT_OPTIONS, type EmbeddedCloudOptions, startEmbeddedCloud } from './start'

/** How often to look whether the parent process still lives; there is no signal for its death. */
const PARENT_CHECK_MS = 1000

/** A clean stop takes milliseconds; a process that hangs on must not. */
const STOP_AT_MOST_MS = 5000

/**
 * Runs `stop` once and ends the process: on SIGINT, SIGTERM and SIGHUP, when the IPC channel to the parent closes, and
 * when the parent has died without a word.
 */
export function endWith(stop: () => Promise<void>): void {
  let ending = false
  const end = () => {
    if (ending) return
    ending = true
    setTimeout(() => process.exit(1), STOP_AT_MOST_MS).unref()
    stop().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end)
  process.on('disconnect', end)
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent) end()
  }, PARENT_CHECK_MS).unref()
}

interface Flags {
  readonly port: number
  readonly functionEndpoint?: string
  readonly stage: string
  readonly region: string
  readonly pollIntervalMs: number
  readonly concurrency: number
  readonly param: Record<string, string>
  readonly logFile?: string
}

const program = new Command('localstack/embedded/main.ts')
  .description(
    'Runs the embedded local cloud (Kinesis, Lambda, DynamoDB, SQS, CloudFormation, S3) on one loopback port, with the stack of serverless.yml in it.',
  )
  .option('--port <number>', 'port on 127.0.0.1; 0 takes any free one', wholeNumber(0), DEFAULT_OPTIONS.port)
  .option('--function-endpoint <url>', 'where functions find this cloud, when something stands between')
  .option('--stage <name>', 'stage of serverless.yml', 'dev')
  .option('--region <name>', 'AWS region to pretend to be', DEFAULT_OPTIONS.region)
  .option(
    '--poll-interval-ms <number>',
    'pause of an idle event source mapping',
    wholeNumber(1),
    DEFAULT_OPTIONS.pollIntervalMs,
  )
  .option(
    '--concurrency <number>',
    'invocations at the same time before Lambda answers 429',
    wholeNumber(1),
    DEFAULT_OPTIONS.concurrency,
  )
  .option('--param <name=value>', 'a param of serverless.yml, e.g. shardCount=4; may be repeated', collectParam, {})
  .option('--log-file <path>', 'append what functions print to a file instead of standard error')
  .addHelpText('after', '\nA parent process with an IPC channel is sent { kind: "ready", endpoint, outputs }.')

async function main(flags: Flags): Promise<void> {
  const { stage, param, logFile, ...settings } = flags
  const { region } = settings
  const packaged = await ensurePackaged({ stage, region, params: param })
  const cloud = await startEmbeddedCloud({ ...settings, ...logTo(logFile) })
  endWith(() => cloud.stop())
  const provisioned = await provision(cloud.endpoint, packaged)
  const notes = [`Functions print to ${logFile ?? 'standard error'}. Ctrl-C ends the cloud and everything in it.`]
  console.log(readyScreen({ name: 'The embedded cloud', endpoint: cloud.endpoint, region, provisioned, notes }))
  process.send?.({ kind: 'ready', endpoint: cloud.endpoint, outputs: provisioned.outputs })
}

function logTo(file: string | undefined): Pick<EmbeddedCloudOptions, 'onFunctionLog'> | undefined {
  if (file === undefined) return undefined
  const stream = createWriteStream(file, { flags: 'a' })
  return { onFunctionLog: (functionName, line) => void stream.write(`lambda ${functionName} | ${line}\n`) }
}

function explain(error: NodeJS.ErrnoException): string {
  if (error.code === 'EADDRINUSE')
    return `${error.message}: does another local cloud run? Choose another port with --port`
  return error.message
}

main(endOnWrongUsage(program).parse().opts<Flags>()).catch((error: Error) => {
  console.error(`The embedded cloud could not start. ${explain(error)}`)
  process.exit(1)
})
