import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { Config } from '../../edge-node/config/config'
import { createApp } from '../../edge-node/http/app'
import { dashboardRoutes } from '../../edge-node/http/dashboard'
import { liveRoutes } from '../../edge-node/http/live'
import { exposition } from '../../edge-node/http/metrics/exposition'
import { serveMetrics } from '../../edge-node/http/metrics/metrics'
import { modeRoute } from '../../edge-node/http/mode'
import type { JobController } from './job-controller'
import { ALL_JOB_METRICS, type ObservedJob } from './job-metrics'
import { jobMoment } from './job-moment'
import type { JobStatus } from './job-status'

/** What the HTTP surface of a job's controller shows and drives. */
export interface JobSurface {
  readonly config: Config
  readonly controller: Pick<JobController, 'mode' | 'counts' | 'sidecars'>
  readonly status: () => JobStatus
  readonly logger: Logger
}

/** The HTTP API of a job's controller: the routes of an edge node that have a meaning for a job, in the same form. */
export function createJobHttp(surface: JobSurface): FastifyInstance {
  const { controller, status, logger } = surface
  const app = createApp(surface)
  app.get('/v1/status', () => status())
  const setMode = (mode: JobController['mode']) => {
    controller.mode = mode
  }
  modeRoute(app, setMode, logger)
  liveRoutes(app, (atMs) => jobMoment(surface, atMs))
  serveMetrics(app, () => exposition(ALL_JOB_METRICS, observe(surface)))
  dashboardRoutes(app)
  app.get('/healthz', () => ({ status: 'ok' }))
  app.get('/readyz', (_request, reply) => {
    const { unready } = status()
    return reply.code(unready === null ? 200 : 503).send({ ready: unready === null, reason: unready })
  })
  return app
}

function observe({ config, controller, status }: JobSurface): ObservedJob {
  const { sentEnvelopes, reclaims, failedSends, divertMs, putToPartial } = controller.counts
  const clouds = controller.sidecars.flatMap(({ facts, hearing }) =>
    hearing === 'heard' && facts ? [facts.cloud] : [],
  )
  const states = clouds.map(({ state }) => state)
  return {
    status: status(),
    limits: config,
    cloud: {
      // As good as the best of them: one that gets through shows that it can be reached.
      state: (['usable', 'probing', 'away'] as const).find((state) => states.includes(state)) ?? 'usable',
      oldestInFlightMs: Math.max(0, ...clouds.map(({ oldestInFlightMs }) => oldestInFlightMs)),
      ...{ sentEnvelopes, reclaims, failedSends, divertMs },
    },
    durations: { putToPartial },
    nowMs: Date.now(),
  }
}
