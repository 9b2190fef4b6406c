import type { Status } from '../../edge-node/status'

/** The edge node as its users see it. Every method rejects when the node does not answer as its API says. */
export class EdgeClient {
  constructor(readonly url: string) {}

  async status(): Promise<Status> {
    return (await this.json('/v1/status')) as Status
  }

  async setMode(mode: 'auto' | 'always' | 'never'): Promise<void> {
    await this.json('/v1/burst', { method: 'POST', body: JSON.stringify({ mode }) })
  }

  /** Sends lines under a key of their own; the answer is that of `POST /v1/events`. */
  async send(key: string, lines: readonly string[]): Promise<unknown> {
    return this.json('/v1/events', { method: 'POST', headers: { 'idempotency-key': key }, body: lines.join('\n') })
  }

  private async json(path: string, init?: RequestInit): Promise<unknown> {
    const response = await fetch(this.url + path, init)
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`)
    return response.json()
  }
}
