import type { Status } from '../../edge-node/status'
import { authorization } from '../load/token'

/**
 * The edge node as its users see it, with a token of all scopes where it asks for one. Every method rejects when the
 * node does not answer as its API says.
 */
export class EdgeClient {
  constructor(
    readonly url: string,
    private readonly token = process.env.SPILLWAY_TOKEN,
  ) {}

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
    const headers = { ...authorization(this.token), ...init?.headers }
    const response = await fetch(this.url + path, { ...init, headers })
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`)
    return response.json()
  }
}
