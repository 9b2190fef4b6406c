import { createServer } from 'node:net'

const FIRST = 20_000
const COUNT = 10_000 // up to 29,999: below the ports that systems give to outgoing connections, so none takes it while its owner is down
const TRIES = 50

/** A port of 127.0.0.1 that nobody uses. `unit` gives numbers in [0, 1). Rejects when it finds none. */
export async function freePort(unit: () => number = Math.random): Promise<number> {
  for (let tries = 0; tries < TRIES; tries++) {
    const port = FIRST + Math.floor(unit() * COUNT)
    if (await isFree(port)) return port
  }
  throw new Error(
    `no free port from ${FIRST} to ${FIRST + COUNT - 1} in ${TRIES} tries; end some of what listens there`,
  )
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
