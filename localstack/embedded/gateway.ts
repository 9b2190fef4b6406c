import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { AddressInfo, Server, Socket } from 'node:net'
import { type HttpRequest, type HttpResponse, twoProtocols } from './two-protocols'
import { jsonError, type WireRequest, type WireResponse, type WireService } from './wire'

/** Who answers a request: one of the services, or nobody. */
export type Destination =
  | 'kinesis'
  | 'dynamodb'
  | 'sqs'
  | 'lambda'
  | 'lambda_runtime'
  | 'cloudformation'
  | 's3'
  | 'stats'
  | 'unknown'

const BY_TARGET_PREFIX: Readonly<Record<string, Destination>> = {
  Kinesis_20131202: 'kinesis',
  DynamoDB_20120810: 'dynamodb',
  AmazonSQS: 'sqs',
}

/**
 * Tells the service of a request on the one port by what its protocol shows: the JSON protocols name themselves in
 * `X-Amz-Target`, REST services by their path, the query protocol by its form encoding; what is left are buckets.
 */
export function routeOf(path: string, headers: IncomingHttpHeaders): Destination {
  const target = headers['x-amz-target']
  if (typeof target === 'string') return BY_TARGET_PREFIX[target.slice(0, target.indexOf('.'))] ?? 'unknown'
  if (path.startsWith('/_runtime/')) return 'lambda_runtime'
  if (path === '/_spillway/stats') return 'stats'
  if (path.startsWith('/2015-03-31/')) return 'lambda'
  if (headers['content-type']?.startsWith('application/x-www-form-urlencoded')) return 'cloudformation'
  return path.length > 1 ? 's3' : 'unknown'
}

export const LOOPBACK = '127.0.0.1'

/**
 * The largest body that any service here takes is a function's zip (AWS: 50 MB); each service has its own, lower
 * limits.
 */
const MAX_BODY_BYTES = 64 * 1024 * 1024

export type Services = Readonly<Record<Exclude<Destination, 'unknown'>, WireService>>

export interface Gateway {
  /** `http://127.0.0.1:<port>`, known once listening. */
  readonly endpoint: string
  /** Ends every connection, also those that wait, and frees the port. */
  close(): Promise<void>
}

/** Listens on one loopback port (0: any free one), for HTTP/1.1 and HTTP/2. Rejects when the port is taken. */
export async function listen(services: Services, port: number): Promise<Gateway> {
  const server = twoProtocols((request, response) => void answer(services, request, response))
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await listening(server, port)
  return {
    endpoint: `http://${LOOPBACK}:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

function listening(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, LOOPBACK, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

async function answer(services: Services, request: HttpRequest, response: HttpResponse): Promise<void> {
  // A client that goes away (a killed function, say) is its own affair.
  response.on('error', () => {})
  const body = await readBody(request).catch(() => undefined)
  if (body === undefined) return void response.destroy()
  send(response, body === 'too_large' ? tooLarge() : await serve(services, wireRequest(request, body)))
}

async function serve(services: Services, request: WireRequest): Promise<WireResponse> {
  const destination = routeOf(request.path, request.headers)
  if (destination === 'unknown') return jsonError(400, 'UnknownOperationException', unknownMessage(request))
  try {
    return await services[destination](request)
  } catch (error) {
    console.error(`embedded cloud: ${destination} failed on ${request.method} ${request.path}`, error)
    return jsonError(500, 'InternalFailure', error instanceof Error ? error.message : String(error))
  }
}

function unknownMessage(request: WireRequest): string {
  const what = request.headers['x-amz-target'] ?? `${request.method} ${request.path}`
  return `The embedded cloud has no service for ${String(what)}: it has Kinesis, DynamoDB, SQS, Lambda, CloudFormation and S3`
}

const tooLarge = (): WireResponse =>
  jsonError(413, 'RequestEntityTooLargeException', `A request must not be larger than ${MAX_BODY_BYTES} bytes`)

function wireRequest(request: HttpRequest, body: Buffer): WireRequest {
  const url = request.url ?? '/'
  const mark = url.indexOf('?')
  return {
    method: request.method ?? 'GET',
    path: mark < 0 ? url : url.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)),
    headers: request.headers,
    body,
  }
}

/** Reads all of the body, also of one that is too large: a client that is still sending would not hear the answer. */
async function readBody(request: HttpRequest): Promise<Buffer | 'too_large'> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk)
  }
  return bytes > MAX_BODY_BYTES ? 'too_large' : Buffer.concat(chunks, bytes)
}

function send(response: HttpResponse, { status, headers, body, rest }: WireResponse): void {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  // The answers of the two protocols share these methods, but not their overloads.
  const out = response as ServerResponse
  if (rest === undefined) {
    out.writeHead(status, { ...headers, 'content-length': bytes.length }).end(bytes)
    return
  }
  out.on('close', () => rest.destroy())
  out.writeHead(status, headers).write(bytes)
  rest.pipe(out)
}
