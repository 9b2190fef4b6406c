import { Agent, createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { serverError, throttled, type WireCall } from './aws-answers'
import type { Fault, FaultKind } from './fault-plan'
import { partialFailure } from './partial-failure'

/** A proxy between a cloud and those who call it. */
export interface FaultProxy {
  readonly endpoint: string
  /** What it did, by kind. */
  readonly counts: Readonly<Partial<Record<FaultKind, number>>>
  /** Closes every connection, those held open as well; resolves when the port is free. */
  close(): Promise<void>
}

export interface FaultProxyOptions {
  readonly port: number
  /** Where the cloud is, e.g. `http://127.0.0.1:4566`. */
  readonly upstream: string
  /** What request `n` (dense, from 0) meets. */
  readonly faultFor: (n: number) => Fault
}

const LOOPBACK = '127.0.0.1'
const MAX_HELD = 64 // connections held half-open; further ones are reset, so that no file descriptors run out
const MAX_SOCKETS = 128 // to the cloud

/**
 * Passes HTTP requests on to `upstream`, or does to them what `faultFor` says. Listens on loopback only; rejects when
 * the port is taken.
 */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const agent = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS })
  const counts: Partial<Record<FaultKind, number>> = {}
  const state = { ...options, agent, held: new Set<NodeJS.Timeout>() }
  let next = 0
  const server = createServer((request, response) => {
    response.on('error', () => {}) // a caller that goes away is its own affair
    const fault = options.faultFor(next++)
    if (fault.kind !== 'none') counts[fault.kind] = (counts[fault.kind] ?? 0) + 1
    treat(state, fault, request, response).catch(() => reset(request))
  })
  server.keepAliveTimeout = 120_000 // Node's default of 5 s would add resets that nobody planned
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, LOOPBACK, resolve)
  })
  const address = server.address()
  return {
    endpoint: `http://${LOOPBACK}:${typeof address === 'object' ? address?.port : options.port}`,
    counts,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
        agent.destroy()
      }),
  }
}

interface State extends FaultProxyOptions {
  readonly agent: Agent
  readonly held: Set<NodeJS.Timeout>
}

async function treat(state: State, fault: Fault, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await buffer(request)
  const call: WireCall = { path: request.url ?? '/', target: header(request, 'x-amz-target'), body }
  switch (fault.kind) {
    case 'none':
      return answer(response, await forward(state, request, body))
    case 'latency':
      await sleep(fault.delayMs, undefined, { ref: false })
      return answer(response, await forward(state, request, body))
    case 'reset':
      return reset(request)
    case 'server-error':
      return answer(response, serverError(call))
    case 'throttle':
      return answer(response, throttled(call))
    case 'partial':
      return answerPartly(state, fault.pick, call, request, response)
    case 'half-open':
      return hold(state, fault.holdMs, request)
    case 'lost-response':
      await forward(state, request, body)
      return reset(request)
  }
}

/** A call that is no batch cannot fail in part and is throttled. */
async function answerPartly(
  state: State,
  pick: number,
  call: WireCall,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const failure = partialFailure(call, pick)
  if (failure === null) return answer(response, throttled(call))
  if (failure.passedOn === null) return answer(response, failure.answer(null))
  const reply = await forward(state, request, failure.passedOn)
  answer(response, reply.status === 200 ? failure.answer(reply.body) : reply)
}

interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer | string
}

function forward(
  { upstream, agent }: State,
  request: IncomingMessage,
  body: Buffer,
): Promise<Reply & { body: Buffer }> {
  const { connection: _, 'transfer-encoding': __, expect: ___, ...headers } = request.headers
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      new URL(request.url ?? '/', upstream),
      { method: request.method ?? 'GET', headers: { ...headers, 'content-length': body.length }, agent },
      (response) => {
        buffer(response).then(
          (bytes) => resolve({ status: response.statusCode ?? 502, headers: response.headers, body: bytes }),
          reject,
        )
      },
    )
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

function answer(response: ServerResponse, { status, headers, body }: Reply): void {
  const { connection: _, 'keep-alive': __, 'transfer-encoding': ___, ...kept } = headers
  response.writeHead(status, { ...kept, 'content-length': Buffer.byteLength(body) })
  response.end(body)
}

function hold({ held }: State, holdMs: number, request: IncomingMessage): void {
  if (held.size >= MAX_HELD) {
    reset(request)
    return
  }
  const timer = setTimeout(() => request.socket.destroy(), holdMs).unref()
  held.add(timer)
  request.socket.once('close', () => {
    clearTimeout(timer)
    held.delete(timer)
  })
}

/** With a RST packet, as a crash at the other end gives one. */
function reset(request: IncomingMessage): void {
  request.socket.resetAndDestroy()
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return typeof value === 'string' ? value : undefined
}
