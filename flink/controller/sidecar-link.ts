import type { Orders } from '../../core/control/job/orders'
import { type SidecarAddress, SidecarClient } from '../sidecar/client'
import { decodeFacts, encodeOrders, type SidecarFacts } from '../sidecar/controller-messages'
import { KIND } from '../sidecar/messages'

const TIMEOUT_MS = 2_000 // an answer takes a millisecond; a sidecar that is held for longer goes by its last orders
/** Nothing listens there: no process goes by orders that it once had. */
const NOBODY = ['ECONNREFUSED', 'ENOENT']

/** `heard`: now. `silent`: it may go by its last orders. `gone`: no such process. */
export type Hearing = 'heard' | 'silent' | 'gone'

/** What is known of a sidecar. */
export interface SidecarView {
  /** As it was named to the controller. */
  readonly name: string
  readonly hearing: Hearing
  /** Why it is not heard, in words; null while it is. */
  readonly problem: string | null
  /** What it said last; null before it ever did. */
  readonly facts: SidecarFacts | null
  /** What it was told last. */
  readonly told: Orders | null
}

/** The way to one sidecar: asks, tells, and connects again after a failure. */
export class SidecarLink {
  view: SidecarView
  private client: SidecarClient | null = null
  private underWay: Promise<void> | null = null

  constructor(
    readonly name: string,
    private readonly address: SidecarAddress,
    private readonly pipeline: string,
    private readonly timeoutMs = TIMEOUT_MS,
  ) {
    this.view = { name, hearing: 'gone', problem: 'it was not asked yet', facts: null, told: null }
  }

  /** Asks how it is. Never rejects: what fails is in the view. For one that is silent nobody waits. */
  look(): Promise<void> {
    this.underWay ??= this.ask().finally(() => {
      this.underWay = null
    })
    return this.view.hearing === 'silent' ? Promise.resolve() : this.underWay
  }

  private async ask(): Promise<void> {
    await this.trying(async (client) => {
      const facts = decodeFacts(await client.ask(KIND.facts))
      const isSame = facts.incarnation === this.view.facts?.incarnation
      this.view = { ...this.view, hearing: 'heard', problem: null, facts, told: isSame ? this.view.told : null }
    })
  }

  /** Tells it what to do, if it is heard. Never rejects. */
  async tell(orders: Orders): Promise<void> {
    if (this.view.hearing !== 'heard') return
    this.view = { ...this.view, told: orders } // noted before: it may have heard, also where the answer is lost
    await this.trying(async (client) => void (await client.ask(KIND.orders, encodeOrders(orders))))
  }

  close(): void {
    this.client?.close()
    this.client = null
  }

  private async trying(work: (client: SidecarClient) => Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer in ${this.timeoutMs} ms`)), this.timeoutMs)
    })
    try {
      await Promise.race([this.connected().then(work), late])
    } catch (error) {
      this.close()
      const { code = '', message } = error as Error & { readonly code?: string }
      const isGone = NOBODY.includes(code)
      const problem = isGone ? `nothing listens there (${code})` : message
      this.view = { ...this.view, hearing: isGone ? 'gone' : 'silent', problem }
    } finally {
      clearTimeout(timer)
    }
  }

  private async connected(): Promise<SidecarClient> {
    if (this.client?.isClosed === false) return this.client
    const client = await SidecarClient.connect(this.address)
    try {
      await client.hello(this.pipeline)
    } catch (error) {
      client.close()
      throw error
    }
    this.client = client
    return client
  }
}
