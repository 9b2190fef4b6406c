import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Usage } from '../../core/control/cost'
import type { Episode } from '../../edge-node/burst/episodes'
import { SidecarClient } from '../../flink/sidecar/client'
import { KIND } from '../../flink/sidecar/messages'
import { LOCAL_ENV } from '../processes/child'

/** The sidecar that the TaskManager starts, and starts again when it ends: how, and what it says of itself. */
export interface StartedSidecar {
  /** As the job knows it. */
  readonly address: string
  /** What a job has to be given for it: where it listens, and what the TaskManager runs in a shell. */
  readonly jobOptions: { readonly sidecar: string; readonly 'sidecar-command': string }
  /** What it says of itself now; null while it does not answer. */
  facts(): Promise<SidecarFacts | null>
  /** Ends it without a word, as a crash would. Rejects when there is none to be ended. */
  kill(): Promise<void>
}

/** What a run wants to know of it. Counts are of the sidecar that runs now. */
export interface SidecarFacts {
  readonly pid: number
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

const LOOK_EVERY_MS = 100
const LOOKS = 300 // half a minute: one that was started again a moment ago does not answer yet

export function startedSidecar(
  { folder, pipeline, mode, endpoint, pricingSlots }: SidecarOptions,
  say: (text: string) => void,
): StartedSidecar {
  const file = path.resolve(folder, 'sidecar.sock')
  const address = `unix:${file}`
  const settings = ['--pipeline', pipeline, '--mode', mode, '--transport', 'invoke', '--log-level', 'warn']
  const variables = { ...LOCAL_ENV, AWS_ENDPOINT_URL: endpoint, PRICING_SLOTS: String(pricingSlots) }
  const given = Object.entries(variables).map(([name, value]) => `${name}=${value}`)
  const command = ['env', ...given, 'node', '--import', 'tsx', 'flink/sidecar/main.ts', ...settings].join(' ')
  const facts = () => factsOf(file, pipeline).catch(() => null)
  return {
    address,
    jobOptions: { sidecar: address, 'sidecar-command': command },
    facts,
    kill: async () => {
      process.kill(await pidOf(facts), 'SIGKILL')
      say('   the sidecar is killed; the TaskManager starts another one')
    },
  }
}

async function pidOf(facts: StartedSidecar['facts']): Promise<number> {
  for (let look = 0; look < LOOKS; look++) {
    const pid = (await facts())?.pid
    if (pid !== undefined) return pid
    await sleep(LOOK_EVERY_MS)
  }
  throw new Error('no sidecar answers that could be killed; the log of the TaskManager says why')
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
