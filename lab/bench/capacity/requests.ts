import { bidLines } from '../../../scripts/load/events/bids'

/** A load: so many events in each request, over so many keys. */
export interface LoadOf {
  readonly eventsPerRequest: number
  readonly keys: number
}

const LINE_BYTES = 190
const TIME_DIGITS = 13 // of epoch ms, from the year 2001 to 2286
const SOME_TIME_MS = 1_800_000_000_000
const MOST_EVENTS = 200_000 // 38 MB of lines: twice as many as the most keys, so that nearly all of them occur

/** Requests made beforehand, whose events are given the time when they are sent. Sending costs little beside them. */
export class Requests {
  private next = 0
  private readonly bodyAt: number
  private readonly timesAt: readonly number[]

  private constructor(private readonly requests: readonly Buffer[]) {
    const [first] = requests
    this.bodyAt = first!.indexOf('\r\n\r\n') + 4
    const times: number[] = []
    const sign = '"dateTime":'
    for (let at = first!.indexOf(sign); at >= 0; at = first!.indexOf(sign, at + 1))
      times.push(at + sign.length - this.bodyAt)
    this.timesAt = times
  }

  /** All lines are equally long, so that each request has its times at the same places. */
  static of({ eventsPerRequest, keys }: LoadOf, seed: number): Requests {
    const line = bidLines(seed, { keys, zipf: 0, poison: 0 })
    const count = Math.max(1, Math.min(1_000, Math.floor(MOST_EVENTS / eventsPerRequest)))
    return new Requests(
      Array.from({ length: count }, (_, request) => {
        const lines = Array.from({ length: eventsPerRequest }, (_, n) =>
          padded(line(request * eventsPerRequest + n, SOME_TIME_MS)),
        )
        return httpRequest(lines.join('\n'))
      }),
    )
  }

  /** The next request with events of this time. It is the sender's until it asks for one more. */
  take(nowMs: number): Buffer {
    const request = this.requests[this.next]!
    this.next = (this.next + 1) % this.requests.length
    const time = Buffer.from(String(nowMs).padStart(TIME_DIGITS, '0'))
    for (const at of this.timesAt) time.copy(request, this.bodyAt + at)
    return request
  }
}

/** The time comes first, so that it has its place whatever the rest of the line is. */
function padded(line: string): string {
  const { dateTime, extra, ...bid } = JSON.parse(line) as Record<string, unknown>
  const start = JSON.stringify({ dateTime, ...bid, extra })
  return start.replace(/"\}$/, `${'x'.repeat(Math.max(0, LINE_BYTES - start.length))}"}`)
}

function httpRequest(body: string): Buffer {
  const head = `POST /v1/events HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/x-ndjson\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`
  return Buffer.from(head + body)
}
