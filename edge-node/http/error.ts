import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { answerThenForget, isSending } from '../ingest/rest-of-body'
import { methodsOf } from './access/routes'

/** As in JSON. `Number` takes more: an empty word would be 0, and nobody who forgot a value means that. */
const NUMBER = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i

const number = z.string().regex(NUMBER, 'expected a number').transform(Number)

/** A number in a query. */
export const queryNumber = () => number.pipe(z.number())

/** How many a page may have at most. */
export const queryLimit = (most: number) => number.pipe(z.number().int().min(1).max(most))

/** What is wrong with a query or a body, as one line: `limit: expected a number; cursor: ...`. */
export function inOneLine({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`)).join('; ')
}

const JSON_TYPE = 'application/json; charset=utf-8'

/** Answers with an error; every error of the API is `{code, message, retryable}`. */
export function fail(
  reply: FastifyReply,
  status: number,
  code: string,
  message: string,
  retryable = false,
): FastifyReply {
  if (status === 503) reply.header('retry-after', 1)
  reply.code(status)
  const { raw } = reply.request
  if (!isSending(raw)) return reply.send({ code, message, retryable })
  const answer = JSON.stringify({ code, message, retryable })
  reply.removeHeader('connection') // the framework would close, and reset what is still coming
  reply.headers({ 'content-type': JSON_TYPE, 'content-length': Buffer.byteLength(answer) })
  return reply.send(answerThenForget(answer, raw))
}

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
