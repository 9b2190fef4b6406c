import path from 'node:path'
import { SidecarClient } from '../../sidecar/client'
import { KIND } from '../../sidecar/messages'
import { LOCAL_ENV } from '../start/local-env'

/** The sidecar that the TaskManager starts, and starts again when it ends: how, and what it says of itself. */
export interface StartedSidecar {
  /** As the job knows it. */
  readonly address: string
  /** What the TaskManager runs in a shell. */
  readonly command: string
  /** What it says of itself now; null while it does not answer. */
  facts(): Promise<SidecarFacts | null>
  /** Ends it without a word, as a crash would. */
  kill(): Promise<void>
}

/** What the progress of a run shows. Counts are of the sidecar that runs now. */
export interface SidecarFacts {
  readonly pid: number
  readonly events: { readonly edge: number; readonly burst: number; readonly deadLettered: number }
  readonly decision: { readonly queueDelayMs: number }
}

export interface SidecarOptions {
  readonly folder: string
  readonly pipeline: string
  readonly mode: string
  /** Of the cloud. */
  readonly endpoint: string
}

export function startedSidecar({ folder, pipeline, mode, endpoint }: SidecarOptions): StartedSidecar {
  const file = path.resolve(folder, 'sidecar.sock')
  const settings = ['--pipeline', pipeline, '--mode', mode, '--transport', 'invoke', '--log-level', 'warn']
  const variables = Object.entries({ ...LOCAL_ENV, AWS_ENDPOINT_URL: endpoint }).map(
    ([name, value]) => `${name}=${value}`,
  )
  const facts = () => factsOf(file, pipeline).catch(() => null)
  return {
    address: `unix:${file}`,
    command: ['env', ...variables, 'node', '--import', 'tsx', 'sidecar/main.ts', ...settings].join(' '),
    facts,
    kill: async () => {
      const pid = (await facts())?.pid
      if (pid !== undefined) process.kill(pid, 'SIGKILL')
    },
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
