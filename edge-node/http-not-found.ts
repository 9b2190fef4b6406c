import type { FastifyReply, FastifyRequest } from 'fastify'
import { methodsOf } from './access/routes'
import { fail } from './http-error'

/** Refuses what has no route: 405 where the path has one for other methods. */
export function refuseUnknown(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { method, url } = request
  const path = url.split('?', 1)[0]!
  const methods = methodsOf(path)
  if (methods.length === 0 || methods.includes(method))
    return fail(reply, 404, 'not_found', `there is no ${method} ${path}`)
  const allowed = methods.join(', ')
  reply.header('allow', allowed)
  return fail(reply, 405, 'method_not_allowed', `${path} takes ${allowed}, not ${method}`)
}
