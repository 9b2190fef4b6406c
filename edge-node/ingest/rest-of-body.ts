import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'

/**
 * How much of a refused body is read and forgotten, so that its sender hears why: closing at once resets the connection
 * under a client that is still sending, and it never sees the answer. Twice the largest body that a node can be set to
 * take: a batch too many is answered, a body without end is not. Nothing of it is kept, and `requestTimeoutMs` bounds
 * its time.
 */
export const MOST_FORGOTTEN_BYTES = 256 * 1024 * 1024

/** What a request asked of the server before its body, by `Expect`. */
export type Expectation = 'continue' | 'unknown'
const expectations = new WeakMap<IncomingMessage, Expectation>()

export const expectationOf = (request: IncomingMessage): Expectation | undefined => expectations.get(request)
export const expects = (request: IncomingMessage, expectation: Expectation) =>
  void expectations.set(request, expectation)
/** From now on the body comes. */
export const wasToldToContinue = (request: IncomingMessage) => void expectations.delete(request)

/** Whether the client is sending a body of which some is still to come. */
export function isSending(request: IncomingMessage): boolean {
  const { complete, headers } = request
  if (complete || expectations.get(request) === 'continue') return false // it waits for a word, and gets the answer
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/** An answer that goes out at once and ends when the body has come, or too much of it. */
export const answerThenForget = (answer: string, request: IncomingMessage, mostBytes = MOST_FORGOTTEN_BYTES) =>
  Readable.from(parts(answer, request, mostBytes), { objectMode: false })

async function* parts(answer: string, request: IncomingMessage, mostBytes: number): AsyncGenerator<Buffer> {
  yield Buffer.from(answer)
  await forgotten(request, mostBytes)
}

function forgotten(request: IncomingMessage, mostBytes: number): Promise<void> {
  return new Promise((resolve) => {
    let bytes = 0
    const count = (data: Buffer) => {
      bytes += data.length
      if (bytes > mostBytes) request.destroy()
    }
    const end = () => resolve()
    request.on('data', count).on('end', end).on('close', end).on('error', end)
    if (request.readableEnded || request.destroyed) resolve()
    request.resume()
  })
}
