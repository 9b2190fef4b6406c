import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach } from '@jest/globals'

/** A request as it came. */
export interface Asked {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** What a fake node does with one request. */
export type Reply = (response: ServerResponse, asked: Asked) => void

export const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Reply =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
  }

/** Ends the connection without a word. */
export const hangUp: Reply = (response) => response.destroy()

/** Writes to a stream of events and, where that is said, breaks it off. */
export const stream =
  (text: string, { isBroken = false } = {}): Reply =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(text, () => isBroken && response.destroy())
  }

/** Servers that give the replies one after the other, the last one for ever; closed after each test. */
export function fakeNodes() {
  const closing: (() => void)[] = []
  afterEach(() => {
    for (const close of closing.splice(0)) close()
  })
  return async (...replies: Reply[]): Promise<{ readonly url: string; readonly asked: Asked[] }> => {
    const asked: Asked[] = []
    const server = createServer(async (request, response) => {
      let body = ''
      for await (const piece of request) body += piece
      const { method = '', url = '', headers } = request
      const reply = replies[Math.min(asked.length, replies.length - 1)]!
      asked.push({ method, url, headers, body })
      reply(response, asked.at(-1)!)
    })
    closing.push(() => {
      server.closeAllConnections()
      server.close()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
  }
}
