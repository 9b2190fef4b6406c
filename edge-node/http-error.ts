import type { FastifyReply } from 'fastify'
import { answerThenForget, isSending } from './rest-of-body'

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
