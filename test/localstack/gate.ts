import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * A place where functions wait until the test lets them go on: each asks for `url` and gets its answer when the gate
 * opens.
 */
export interface Gate {
  readonly url: string
  /** Resolves when so many wait. */
  arrived(count: number): Promise<void>
  open(): void
  close(): Promise<void>
}

export async function startGate(): Promise<Gate> {
  const waiting: ServerResponse[] = []
  let onArrival = () => {}
  const server = createServer((_, response) => {
    waiting.push(response)
    onArrival()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrived: (count) =>
      new Promise((resolve) => {
        onArrival = () => {
          if (waiting.length >= count) resolve()
        }
        onArrival()
      }),
    open: () => {
      for (const response of waiting.splice(0)) response.end()
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** A handler that waits at the gate named in its event. */
export const WAITING_HANDLER = `exports.handler = async ({ gate }) => {
  if (gate) await (await fetch(gate)).text()
  return process.pid
}`
