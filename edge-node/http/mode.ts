import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { z } from 'zod'
import type { BurstMode } from '../../core/control/route'
import { fail } from './error'

const burstBody = z.strictObject({ mode: z.enum(['auto', 'always', 'never']) })

/** `POST /v1/burst`: somebody says when to burst. */
export function modeRoute(
  app: FastifyInstance,
  setMode: (mode: BurstMode) => void | Promise<void>,
  logger: Logger,
): void {
  app.post('/v1/burst', async (request, reply) => {
    const body = burstBody.safeParse(parseJson(request.body))
    if (!body.success)
      return fail(reply, 400, 'invalid_mode', 'send {"mode": "auto"}, "always" or "never", and nothing else')
    await setMode(body.data.mode)
    logger.info({ mode: body.data.mode }, 'the burst mode was set')
    return { mode: body.data.mode }
  })
}

function parseJson(body: unknown): unknown {
  try {
    return JSON.parse(String(body))
  } catch {
    return undefined
  }
}
