import { createWriteStream } from 'node:fs'
import { withFlags } from '../../scripts/command-line/ask'
import { DONE, NOT_DONE } from '../../scripts/command-line/exit-codes'
import { integer } from '../../scripts/command-line/flags'
import { newCommand } from '../../scripts/command-line/new-command'
import { type Output, TERMINAL } from '../../scripts/command-line/output'
import { whileItTakes } from '../../scripts/command-line/progress'
import { ensurePackaged } from '../package'
import { collectParam } from '../params'
import { provision } from '../provision'
import { readyScreen } from '../screen'
import { DEFAULT_OPTIONS, type EmbeddedCloud, type EmbeddedCloudOptions, startEmbeddedCloud } from './start'

/** How often to look whether the parent process still lives; there is no signal for its death. */
const PARENT_CHECK_MS = 1000

/** A clean stop takes milliseconds; a process that hangs on must not. */
const STOP_AT_MOST_MS = 5000

/**
 * Resolves when the cloud is to end: on SIGINT, SIGTERM and SIGHUP, when the IPC channel to the parent closes, and when
 * the parent has died without a word.
 */
function toldToEnd(): Promise<void> {
  const parent = process.ppid
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve())
    process.on('disconnect', resolve)
    setInterval(() => {
      if (process.ppid !== parent) resolve()
    }, PARENT_CHECK_MS).unref()
  })
}

/** Resolves to the exit code. */
function stopInTime(cloud: EmbeddedCloud): Promise<number> {
  const tooLong = new Promise<number>((resolve) => setTimeout(() => resolve(NOT_DONE), STOP_AT_MOST_MS))
  const stopped = cloud.stop().then(
    () => DONE,
    () => NOT_DONE,
  )
  return Promise.race([stopped, tooLong])
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

const MOST_MS = 60_000 // an idle mapping that sleeps for longer would look like a dead one
const MOST_AT_ONCE = 10_000 // ten times what an AWS account has without asking

const command = () =>
  newCommand({
    name: 'cloud',
    about:
      'Runs the embedded local cloud (Kinesis, Lambda, DynamoDB, SQS, CloudFormation, S3) on one loopback port, with the stack of serverless.yml in it.',
    notes: 'A parent process with an IPC channel is sent { kind: "ready", endpoint, outputs }.',
    examples: ['spillway cloud', 'spillway cloud --port 4570 --param shardCount=4 --log-file functions.log'],
    exits: { done: 'it ran until it was stopped', not: 'it could not start, with the reason' },
  })
    .option('--port <number>', 'port on 127.0.0.1; 0 takes any free one', integer(0, 65_535), DEFAULT_OPTIONS.port)
    .option('--function-endpoint <url>', 'where functions find this cloud, when something stands between')
    .option('--stage <name>', 'stage of serverless.yml', 'dev')
    .option('--region <name>', 'AWS region to pretend to be', DEFAULT_OPTIONS.region)
    .option(
      '--poll-interval-ms <number>',
      'pause of an idle event source mapping',
      integer(1, MOST_MS),
      DEFAULT_OPTIONS.pollIntervalMs,
    )
    .option(
      '--concurrency <number>',
      'invocations at the same time before Lambda answers 429',
      integer(1, MOST_AT_ONCE),
      DEFAULT_OPTIONS.concurrency,
    )
    .option('--param <name=value>', 'a param of serverless.yml, e.g. shardCount=4; may be repeated', collectParam, {})
    .option('--log-file <path>', 'append what functions print to a file instead of standard error')

/** Resolves to the exit code when the cloud has ended. */
export const main = (args: readonly string[], output: Output = TERMINAL): Promise<number> =>
  withFlags<Flags>(command(), args, (flags) => run(flags, output), output)

async function run({ stage, param, logFile, ...settings }: Flags, { out, err }: Output): Promise<number> {
  const { region } = settings
  try {
    const packaged = await ensurePackaged({ stage, region, params: param })
    const cloud = await startEmbeddedCloud({ ...settings, ...logTo(logFile) })
    const end = toldToEnd()
    const provisioning = whileItTakes(provision(cloud.endpoint, packaged), err, '... deploying the stack into it')
    const ready = provisioning.then((provisioned) => {
      const notes = [`Functions print to ${logFile ?? 'standard error'}. Ctrl-C ends the cloud and everything in it.`]
      out(readyScreen({ name: 'The embedded cloud', endpoint: cloud.endpoint, region, provisioned, notes }))
      process.send?.({ kind: 'ready', endpoint: cloud.endpoint, outputs: provisioned.outputs })
      return end
    })
    await Promise.race([ready, end])
    return await stopInTime(cloud)
  } catch (error) {
    err(`The embedded cloud could not start. ${explain(error as Error)}`)
    return NOT_DONE
  }
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

if (require.main === module) void main(process.argv.slice(2)).then((code) => process.exit(code))
