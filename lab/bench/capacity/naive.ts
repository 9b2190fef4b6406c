/**
 * What somebody writes in an hour: requests over node:http, JSON.parse, a map of maps. No log, so a crash loses
 * everything; sums are rounded at each step; no event is refused. The least that an honest node can be measured by.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { addNaively, type NaiveGroup } from '../naive-groups'

const WINDOW_MS = 10_000
const OPEN_WINDOWS = 3

const windows = new Map<number, Map<string, NaiveGroup>>()

function add(line: string): void {
  const { auction, price, dateTime } = JSON.parse(line) as { auction: number; price: number; dateTime: number }
  const start = Math.floor(dateTime / WINDOW_MS) * WINDOW_MS
  let groups = windows.get(start)
  if (groups === undefined) {
    groups = new Map()
    windows.set(start, groups)
    if (windows.size > OPEN_WINDOWS) windows.delete(Math.min(...windows.keys()))
  }
  addNaively(groups, String(auction), price)
}

const server = createServer((request, response) => {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => {
    const lines = Buffer.concat(parts).toString('utf8').split('\n')
    for (const line of lines) add(line)
    const answer = JSON.stringify({ accepted: lines.length })
    response.writeHead(202, { 'content-type': 'application/json', 'content-length': answer.length }).end(answer)
  })
})

server.listen(0, '127.0.0.1', () =>
  process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }),
)
process.on('disconnect', () => process.exit(0))
