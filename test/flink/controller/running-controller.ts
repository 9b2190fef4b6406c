import { afterEach } from '@jest/globals'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { policyNamed } from '../../../core/control/policies'
import { type Config, configSchema, policyTerms } from '../../../edge-node/config/config'
import { type Clock, systemClock } from '../../../edge-node/observe/clock'
import { FlinkWatch } from '../../../flink/controller/flink-watch'
import { JobController } from '../../../flink/controller/job-controller'
import { createJobHttp } from '../../../flink/controller/job-http'
import { type JobStatus, jobStatusOf } from '../../../flink/controller/job-status'
import { SidecarLink } from '../../../flink/controller/sidecar-link'
import type { SidecarAddress } from '../../../flink/sidecar/client'

const PATIENT_MS = 4_000 // a machine that runs other tests as well is no silent sidecar
const logger = pino({ level: 'silent' })

export interface TestController {
  readonly controller: JobController
  readonly app: FastifyInstance
  status(): JobStatus
  /** One round, with what Flink says now. */
  round(): Promise<void>
}

export interface ControllerOptions {
  readonly flink: string
  readonly sidecars: Readonly<Record<string, SidecarAddress>>
  readonly config?: Partial<Config>
  readonly clock?: Clock
  readonly timeoutMs?: number
}

/** Makes controllers that look when they are told to; they end after each test. */
export function controllers() {
  const ends: (() => unknown)[] = []
  afterEach(async () => {
    for (const end of ends.splice(0)) await end()
  })
  return ({
    flink: url,
    sidecars,
    config: given,
    clock = systemClock,
    timeoutMs = PATIENT_MS,
  }: ControllerOptions): TestController => {
    const config = configSchema.parse({ pipeline: 'test', transport: 'invoke', ...given })
    const links = Object.entries(sidecars).map(([name, at]) => new SidecarLink(name, at, config.pipeline, timeoutMs))
    const flink = new FlinkWatch(url, config.job)
    const terms = () => policyTerms(config, 'standard')
    const controller = new JobController({
      ...{ flink, terms, logger, clock },
      ...{ mode: config.mode, limits: config, everyMs: 20, sidecars: links },
      policy: policyNamed(config.policy, terms()),
    })
    const status = () => jobStatusOf({ config, controller, terms, flink })
    const app = createJobHttp({ config, controller, status, logger })
    ends.push(
      () => controller.stop(),
      () => app.close(),
      () => {
        for (const link of links) link.close()
      },
    )
    const round = async () => {
      await flink.read()
      await controller.round()
    }
    return { controller, app, status, round }
  }
}
