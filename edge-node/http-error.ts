import type { FastifyReply } from 'fastify'

/** Answers with an error; every error of the API is `{code, message, retryable}`. */
export function fail(
  reply: FastifyReply,
  status: number,
  code: string,
  message: string,
  retryable = false,
): FastifyReply {
  if (status === 503) reply.header('retry-after', 1)
  return reply.code(status).send({ code, message, retryable })
}
