import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Keeper } from './keeper'
import { strangerOf } from './refusal'
import { ruleOf } from './routes'

const LOOK_EVERY_MS = 10_000
const MAX_STALLED_LOOKS = 6 // a minute in which a reader did not take 16 KiB

interface Stream {
  readonly request: FastifyRequest
  stalledLooks: number
}

/** The streams that are open: bounded in number, ended when their token is taken back, and when nobody reads them. */
export class Streams {
  private readonly open = new Map<FastifyReply, Stream>()
  private readonly timer: NodeJS.Timeout

  constructor(
    private readonly most: number,
    private readonly keeper: Keeper,
    lookEveryMs = LOOK_EVERY_MS,
  ) {
    this.timer = setInterval(() => this.endStalled(), lookEveryMs).unref()
    keeper.onChange(() => this.endStrangers())
  }

  /** Counts a stream until it ends; false: there are as many as may be. */
  admit(request: FastifyRequest, reply: FastifyReply): boolean {
    if (this.open.size >= this.most) return false
    this.open.set(reply, { request, stalledLooks: 0 })
    reply.raw.once('close', () => this.open.delete(reply))
    return true
  }

  close(): void {
    clearInterval(this.timer)
  }

  private endStalled(): void {
    for (const [reply, stream] of this.open) {
      stream.stalledLooks = reply.raw.writableNeedDrain ? stream.stalledLooks + 1 : 0
      if (stream.stalledLooks >= MAX_STALLED_LOOKS) reply.raw.destroy()
    }
  }

  private endStrangers(): void {
    for (const [reply, { request }] of this.open) {
      const { method, headers } = request
      const { access } = ruleOf(method, request.routeOptions.url)
      const holder = this.keeper.holder(headers.authorization)
      if (strangerOf({ method, headers, access }, this.keeper.asks, holder) !== null) reply.raw.destroy()
    }
  }
}
