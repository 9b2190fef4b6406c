/**
 * Failures as AWS sends them, so that the SDK takes them for real: the status, the error type where its protocol has
 * it, and the body.
 */
export interface WireAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A request as far as an answer to it depends on it. */
export interface WireCall {
  readonly path: string
  /** The `X-Amz-Target` header: service and operation of the JSON protocols. */
  readonly target: string | undefined
  readonly body: Buffer
}

/** The service fails inside. */
export function serverError({ path, target }: WireCall): WireAnswer {
  if (target !== undefined) return json(500, 'InternalServerError', { message: 'The service failed inside.' })
  if (isLambda(path)) return json(500, 'ServiceException', { Type: 'Service', Message: 'The service failed inside.' })
  return { status: 503, headers: { 'content-type': 'text/plain' }, body: 'Service Unavailable' }
}

/** The caller asks too much: an exception with status 400 in DynamoDB and Kinesis, 429 in Lambda, 503 elsewhere. */
export function throttled({ path, target }: WireCall): WireAnswer {
  const message = 'Rate exceeded.'
  if (target !== undefined) return json(400, 'ProvisionedThroughputExceededException', { message })
  if (!isLambda(path)) return { status: 503, headers: { 'content-type': 'text/plain' }, body: 'Slow Down' }
  return json(429, 'TooManyRequestsException', {
    Reason: 'ConcurrentInvocationLimitExceeded',
    Type: 'User',
    message,
  })
}

const isLambda = (path: string) => path.startsWith('/2015-03-31/functions/')

export function json(status: number, type: string | null, content: object): WireAnswer {
  const named = type === null ? content : { __type: type, ...content }
  return {
    status,
    headers: { 'content-type': 'application/x-amz-json-1.0', ...(type === null ? {} : { 'x-amzn-errortype': type }) },
    body: JSON.stringify(named),
  }
}
