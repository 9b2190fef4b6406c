import type { FastifyReply, FastifyRequest } from 'fastify'

/** The bodies being received and worked on: many large ones at once must not take all memory. */
export class Receiving {
  private bytes = 0

  constructor(
    private readonly most: number,
    private readonly mostOfOne: number,
  ) {}

  /** Counts a body until its answer is out; false: there is no room for it. */
  admit(request: FastifyRequest, reply: FastifyReply): boolean {
    const size = this.sizeOf(request.headers)
    if (size === 0) return true
    if (this.bytes > 0 && this.bytes + size > this.most) return false
    this.bytes += size
    reply.raw.once('close', () => {
      this.bytes -= size
    })
    return true
  }

  /** A body that does not say its size counts as the largest that is taken. */
  private sizeOf(headers: FastifyRequest['headers']): number {
    if (headers['transfer-encoding'] !== undefined) return this.mostOfOne
    const stated = Number(headers['content-length'] ?? 0)
    return Math.min(Number.isFinite(stated) ? stated : 0, this.mostOfOne)
  }
}
