import { ensureBuilt } from '../../dashboard/ensure-built'
import { type Configuration, readConfiguration } from '../../edge-node/config/command-line'
import type { Config } from '../../edge-node/config/config'
import { printedConfig } from '../../edge-node/config/resolve'
import { UnusableConfig } from '../../edge-node/config/unusable'
import { createLogger } from '../../edge-node/observe/logger'
import { FlinkWatch } from './flink-watch'
import { JOB_CONTROLLER } from './program'
import { sidecarLinks, startController } from './start-controller'

const STOP_TIMEOUT_MS = 5_000 // streams of dashboards are cut off then; there is nothing to be lost
async function main(): Promise<void> {
  const configuration = readConfiguration(process.argv.slice(2), process.env, process.cwd(), JOB_CONTROLLER)
  if ('help' in configuration) {
    process.stdout.write(configuration.help)
    return
  }
  await perform(configuration)
}

async function perform(configuration: Configuration): Promise<void> {
  switch (configuration.task) {
    case 'run':
      return run(configuration.config)
    case 'print':
      console.log(printedConfig(configuration))
      return
    case 'check':
      process.exit((await check(configuration.config)) ? 0 : 1)
  }
}

async function run(config: Config): Promise<void> {
  const logger = createLogger(config.logLevel)
  const page = ensureBuilt().then((built) => {
    if (built.kind === 'impossible') logger.warn({ reason: built.reason }, 'the dashboard could not be built')
  })
  const controller = await startController(config, logger)
  const stop = () => {
    setTimeout(() => process.exit(0), STOP_TIMEOUT_MS).unref()
    void controller.stop().finally(() => process.exit(0))
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  process.on('disconnect', stop) // the program that started it is gone
  await page
  process.send?.({ url: controller.url })
}

const line = (who: string, problem: string | null, good: string) =>
  `${problem === null ? 'ok     ' : 'problem'}  ${who}: ${problem ?? good}`

/** Says of each who does not answer why. */
async function check(config: Config): Promise<boolean> {
  const sidecars = sidecarLinks(config)
  const flink = new FlinkWatch(config.flink, config.job)
  await Promise.all([flink.read(), ...sidecars.map((sidecar) => sidecar.look())])
  const { reading, problem } = flink.view
  const lines = [
    line('Flink', problem, `${reading?.name} (${reading?.jobId}) is ${reading?.state}`),
    ...sidecars.map(({ view }) => line(`sidecar ${view.name}`, view.problem, 'it answers')),
  ]
  console.log(lines.join('\n'))
  for (const sidecar of sidecars) sidecar.close()
  return problem === null && sidecars.every(({ view }) => view.problem === null)
}

main().catch((error: Error & { code?: string; retryable?: boolean }) => {
  if (error instanceof UnusableConfig) {
    console.error(error.message)
    process.exit(2)
  }
  if (error.retryable === undefined) throw error
  console.error(`The controller cannot start (${error.code}): ${error.message}`)
  process.exit(1)
})
