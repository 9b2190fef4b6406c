import { ensureBuilt } from '../../dashboard/ensure-built'
import { type Configuration, readConfiguration } from '../../edge-node/config/command-line'
import type { Config } from '../../edge-node/config/config'
import { printedConfig } from '../../edge-node/config/resolve'
import { UnusableConfig } from '../../edge-node/config/unusable'
import { createLogger } from '../../edge-node/observe/logger'
import { type Output, stillWaiting, TERMINAL } from '../../edge-node/observe/output'
import { toldToStop } from '../../program/parent-ended'
import { FlinkWatch } from './flink-watch'
import { JOB_CONTROLLER } from './program'
import { sidecarLinks, startController } from './start-controller'

const STOP_TIMEOUT_MS = 5_000 // streams of dashboards are cut off then; there is nothing to be lost

/** Resolves to the exit code when it has stopped. */
export async function main(args: readonly string[], output: Output = TERMINAL): Promise<number> {
  try {
    const configuration = readConfiguration(args, process.env, process.cwd(), JOB_CONTROLLER)
    if (!('help' in configuration)) return await perform(configuration, output)
    output.out(configuration.help.trimEnd())
    return 0
  } catch (error) {
    return explain(error as Error, output.err)
  }
}

/** The exit code of an error that was to be expected; throws any other. */
function explain(error: Error & { readonly code?: string; readonly retryable?: boolean }, err: Output['err']): number {
  if (error instanceof UnusableConfig) {
    err(`${error.message}\nSee ${JOB_CONTROLLER.name} --help.`)
    return 2
  }
  if (error.retryable === undefined) throw error
  err(`The controller cannot start (${error.code}): ${error.message}`)
  return 1
}

async function perform(configuration: Configuration, output: Output): Promise<number> {
  switch (configuration.task) {
    case 'run':
      return run(configuration.config)
    case 'print':
      output.out(printedConfig(configuration))
      return 0
    case 'check':
      return check(configuration, output)
  }
}

async function run(config: Config): Promise<number> {
  const logger = createLogger(config.logLevel)
  const page = ensureBuilt().then((built) => {
    if (built.kind === 'impossible') logger.warn({ reason: built.reason }, 'the dashboard could not be built')
  })
  const controller = await startController(config, logger)
  const stopped = toldToStop()
  void page.then(() => process.send?.({ url: controller.url }))
  await stopped
  const tooLong = new Promise<void>((resolve) => setTimeout(resolve, STOP_TIMEOUT_MS))
  await Promise.race([controller.stop().catch(() => {}), tooLong])
  return 0
}

/** One who has to answer; `problem` says why it does not, null: it does. */
interface Looked {
  readonly who: string
  readonly problem: string | null
  readonly good: string
}

const line = ({ who, problem, good }: Looked) =>
  `${problem === null ? 'ok     ' : 'problem'}  ${who}: ${problem ?? good}`

/** Says of each who does not answer why. Resolves to the exit code. */
async function check({ config, isJson }: Configuration, { out, err }: Output): Promise<number> {
  const sidecars = sidecarLinks(config)
  const flink = new FlinkWatch(config.flink, config.job)
  await stillWaiting(Promise.all([flink.read(), ...sidecars.map((sidecar) => sidecar.look())]), err)
  const { reading, problem } = flink.view
  const looked: Looked[] = [
    { who: 'Flink', problem, good: `${reading?.name} (${reading?.jobId}) is ${reading?.state}` },
    ...sidecars.map(({ view }) => ({ who: `sidecar ${view.name}`, problem: view.problem, good: 'it answers' })),
  ]
  for (const sidecar of sidecars) sidecar.close()
  const sound = looked.every((each) => each.problem === null)
  const asJson = () => JSON.stringify({ sound, looked: looked.map(({ who, problem }) => ({ who, problem })) }, null, 2)
  out(isJson ? asJson() : looked.map(line).join('\n'))
  return sound ? 0 : 1
}

if (require.main === module) void main(process.argv.slice(2)).then((code) => process.exit(code))
