import path from 'node:path'
import type { Usage } from '../../core/cost'
import type { Episode } from '../../edge-node/episodes'
import { SidecarClient } from '../../sidecar/client'
import { KIND } from '../../sidecar/messages'
import { type Child, type Stoppable, startChild } from '../start/child'
import { LOCAL_ENV } from '../start/local-env'

/** A sidecar that is started again whenever it ends: the job asks it again for all that is open. */
export interface KeptSidecar {
  /** As the job knows it. */
  readonly address: string
  /** What it says of itself now; null while it does not answer. */
  facts(): Promise<SidecarFacts | null>
  /** Ends it without a word, as a crash would. */
  kill(): void
}

/** What the progress of a run shows. Counts are of the sidecar that runs now. */
export interface SidecarFacts {
  readonly events: { readonly edge: number; readonly burst: number; readonly deadLettered: number }
  readonly decision: { readonly queueDelayMs: number; readonly reason: string }
  /** From an event's own time until it was folded. */
  readonly eventDelayMs: { readonly events: number; readonly p50: number; readonly p99: number; readonly max: number }
  readonly burst: {
    readonly envelopes: number
    readonly reclaims: number
    readonly episodes: readonly Episode[]
    readonly usage: Usage
    readonly usd: number
  }
}

export interface SidecarOptions {
  readonly folder: string
  readonly pipeline: string
  readonly mode: string
  /** Of the cloud. */
  readonly endpoint: string
  /** Slots of the simulated pricing service: how much the sidecar can fold. */
  readonly pricingSlots: number
}

/** Starts a sidecar and resolves when it listens. */
export async function keepSidecar(
  { folder, pipeline, mode, endpoint, pricingSlots }: SidecarOptions,
  children: Stoppable[],
  say: (text: string) => void,
): Promise<KeptSidecar> {
  const file = path.resolve(folder, 'sidecar.sock')
  const settings = ['--pipeline', pipeline, '--mode', mode, '--transport', 'invoke', '--log-level', 'warn']
  const start = () =>
    startChild('sidecar/main.ts', ['--listen', `unix:${file}`, ...settings], {
      ...LOCAL_ENV,
      AWS_ENDPOINT_URL: endpoint,
      PRICING_SLOTS: String(pricingSlots),
    })
  let isStopped = false
  let sidecar: Child = start()
  const watch = async (watched: Child) => {
    const wasAsked = (await watched.ended()) === 0
    if (isStopped || wasAsked) return
    say('   the sidecar has ended; another one is started')
    sidecar = start()
    void watch(sidecar)
  }
  children.push({
    stop: () => {
      isStopped = true
      return sidecar.stop()
    },
  })
  await sidecar.ready()
  void watch(sidecar)
  return {
    address: `unix:${file}`,
    facts: () => factsOf(file, pipeline).catch(() => null),
    kill: () => sidecar.signal('SIGKILL'),
  }
}

async function factsOf(file: string, pipeline: string): Promise<SidecarFacts> {
  const client = await SidecarClient.connect({ path: file })
  try {
    await client.hello(pipeline)
    return JSON.parse(Buffer.from(await client.ask(KIND.facts)).toString())
  } finally {
    client.close()
  }
}
