import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { Config } from '../config/config'
import { isDiskError } from '../disk/disk-space'
import { UnreadableBody } from '../ingest/body-lines'
import { LogFailed } from '../log/log'
import { InvalidCursor, WindowGone } from '../results/results'
import { guard } from './access/access'
import { Keeper } from './access/keeper'
import { fail, refuseUnknown } from './error'
import { createServer } from './server'

/** What was on its way to a disk that then refused is written once it does no more. */
const REPEAT = 'the request may still count, so send it again under the same Idempotency-Key'

/** What an app is made of before it has routes. */
export interface AppDependencies {
  readonly config: Config
  readonly logger: Logger
}

/** An app without routes: its guard, how it reads bodies, and how it answers what goes wrong. */
export function createApp(deps: AppDependencies): FastifyInstance {
  const { config, logger } = deps
  const keeper = new Keeper(config, logger)
  const app = createServer(config, keeper)
  guard(app, config, keeper)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.setErrorHandler((error, request, reply) => answerError(deps, error, request, reply))
  app.setNotFoundHandler((request, reply) => refuseUnknown(request, reply))
  return app
}

function answerError(
  { config, logger }: AppDependencies,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): unknown {
  if (error instanceof UnreadableBody) return fail(reply, error.status, error.code, error.message)
  if (error instanceof InvalidCursor) return fail(reply, 400, error.code, error.message)
  if (error instanceof WindowGone) return fail(reply, 410, error.code, error.message)
  if (error instanceof LogFailed) return fail(reply, 503, error.code, `${error.message}; ${REPEAT}`, true)
  if (isDiskError(error)) return fail(reply, 503, 'disk_refuses', `the disk refuses: ${String(error)}`, true)
  const { statusCode = 500, message = String(error) } = error as { statusCode?: number; message?: string }
  if (statusCode === 413)
    return fail(reply, 413, 'body_too_large', `the body is over ${config.maxBodyBytes} bytes; send less at a time`)
  if (statusCode < 500) return fail(reply, statusCode, 'bad_request', message)
  logger.error({ err: error, method: request.method, route: request.routeOptions.url }, 'a request failed')
  return fail(reply, 500, 'internal', 'a bug in the edge node; its log has the details')
}
