import { type Child, LOCAL_ENV, type Stoppable, startChild } from '../processes/child'
import { type Kept, type Killable, keepRunning } from '../processes/java/keep-running'

/** The embedded cloud; one that is started again is empty, on the same port. */
export interface KeptCloud extends Kept {
  readonly endpoint: string
  /** Calls of its functions so far; null while it does not answer. It forgets them when it is killed. */
  invocations(): Promise<number | null>
}

const STATS_TIMEOUT_MS = 1_000

/** Starts the embedded cloud on a free port; its functions print to a file. */
export async function keepCloud(
  logFile: string,
  children: Stoppable[],
  say: (text: string) => void,
): Promise<KeptCloud> {
  let port = '0'
  let first: Child | undefined
  const start = (): Killable => {
    const child = startChild('localstack/embedded/main.ts', ['--port', port, '--log-file', logFile], LOCAL_ENV)
    first ??= child
    return { ended: child.ended(), kill: () => child.signal('SIGKILL'), stop: () => child.stop() }
  }
  const kept = keepRunning('cloud', start, say)
  children.push(kept)
  const { endpoint } = await first!.ready<{ endpoint: string }>()
  port = new URL(endpoint).port
  return { ...kept, endpoint, invocations: () => invocationsOf(endpoint).catch(() => null) }
}

async function invocationsOf(endpoint: string): Promise<number> {
  const answer = await fetch(`${endpoint}/_spillway/stats`, { signal: AbortSignal.timeout(STATS_TIMEOUT_MS) })
  const { functions } = (await answer.json()) as { functions: Record<string, { invocations: number }> }
  return Object.values(functions).reduce((sum, { invocations }) => sum + invocations, 0)
}
