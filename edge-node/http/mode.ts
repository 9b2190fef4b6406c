import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { z } from 'zod'
import type { BurstMode } from '../../core/control/route'
import { fail } from './error'

const burstBody = z.strictObject({ mode: z.enum(['auto', 'always', 'never']) })

/** `POST /v1/burst`: somebody says when to burst. `setMode` is null where there is no cloud to burst to. */
export function modeRoute(
  app: FastifyInstance,
  setMode: ((mode: BurstMode) => void | Promise<void>) | null,
  logger: Logger,
): void {
  app.post('/v1/burst', async (request, reply) => {
    const body = burstBody.safeParse(parseJson(request.body))
    if (!body.success)
      return fail(reply, 400, 'invalid_mode', 'send {"mode": "auto"}, "always" or "never", and nothing else')
    if (setMode === null && body.data.mode !== 'never')
      return fail(reply, 409, 'no_cloud', 'this node was started with cloud none; start it with a cloud to burst')
    await setMode?.(body.data.mode)
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
