import type { Logger } from 'pino'
import type { Consumer } from '../../core/control/cost'
import { type Config, policyTerms } from '../../edge-node/config/config'
import { UnusableConfig } from '../../edge-node/config/unusable'
import { BadConfig, chosenPolicy } from '../../edge-node/control/chosen-policy'
import { systemClock } from '../../edge-node/observe/clock'
import { sidecarAddress } from '../sidecar/client'
import { FlinkWatch } from './flink-watch'
import { JobController } from './job-controller'
import { createJobHttp } from './job-http'
import { jobStatusOf } from './job-status'
import { SidecarLink } from './sidecar-link'

/** A running controller of a job. */
export interface RunningController {
  readonly url: string
  stop(): Promise<void>
}

/** The sidecars that the settings name. Throws UnusableConfig when there are none, or one cannot be an address. */
export function sidecarLinks({ sidecars, pipeline }: Pick<Config, 'sidecars' | 'pipeline'>): SidecarLink[] {
  if (sidecars.length === 0)
    throw new UnusableConfig(['sidecars: name all sidecars of the job, --sidecars unix:FILE,HOST:PORT'])
  return sidecars.map((name) => {
    const address = sidecarAddress(name)
    if (address === null) throw new UnusableConfig([`sidecars: "${name}" is neither unix:FILE nor HOST:PORT`])
    return new SidecarLink(name, address, pipeline)
  })
}

/** Starts the controller of a job. Rejects with UnusableConfig or BadConfig, which say what to do. */
export async function startController(config: Config, logger: Logger): Promise<RunningController> {
  const sidecars = sidecarLinks(config)
  const flink = new FlinkWatch(config.flink, config.job)
  // Sidecars know how envelopes reach the functions; the terms follow from that.
  const first = () => sidecars.find(({ view }) => view.facts !== null)?.view.facts
  const consumer = (): Consumer => first()?.streamLanes.consumer ?? 'standard'
  const settings: Config = {
    ...config,
    get transport() {
      return first()?.transport ?? config.transport
    },
  }
  const terms = () => policyTerms(settings, consumer())
  const controller = new JobController({
    ...{ sidecars, flink, terms, logger, clock: systemClock },
    mode: config.mode,
    limits: config,
    policy: await chosenPolicy(settings, consumer),
    everyMs: config.flinkPollMs,
  })
  const status = () => jobStatusOf({ config, controller, terms, flink })
  const http = createJobHttp({ config, controller, status, logger })
  const url = await http.listen({ host: config.host, port: config.port }).catch((error: Error) => {
    throw new BadConfig(`${config.host}:${config.port} cannot be listened on (${error.message}); choose another --port`)
  })
  logger.info({ url, flink: config.flink, sidecars: config.sidecars }, 'the controller of the job is listening')
  controller.start()
  return {
    url,
    stop: async () => {
      controller.stop()
      await http.close()
      for (const sidecar of sidecars) sidecar.close()
    },
  }
}
