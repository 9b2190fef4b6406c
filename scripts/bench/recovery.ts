import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bidLines } from '../load/bids'
import { startChild } from '../start/child'
import { EdgeClient } from '../start/edge-client'
import { LOCAL_ENV } from '../start/local-env'

const BATCH = 1_000

/** What one recovery took. */
export interface RecoveryFigures {
  readonly events: number
  readonly logBytes: number
  /** From the start of the process until it accepts events; all of it, and what an empty log takes. */
  readonly startMs: number
  readonly emptyStartMs: number
}

/**
 * Fills the log of an edge node with `events` events behind its last checkpoint, kills it with SIGKILL, and measures how long the next
 * start takes until it accepts events again.
 */
export async function measureRecovery(events: number, say: (text: string) => void): Promise<RecoveryFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-recovery-'))
  const cloud = startChild(
    'localstack/embedded/main.ts',
    ['--port', '0', '--log-file', join(folder, 'functions.log')],
    LOCAL_ENV,
  )
  try {
    const { endpoint } = await cloud.ready<{ endpoint: string }>()
    const start = async () => {
      const startedMs = performance.now()
      const limits = ['--max-backlog-bytes', String(2 ** 32), '--checkpoint-every-ms', String(1e9)]
      const args = [
        '--port',
        '0',
        '--data-dir',
        join(folder, 'edge'),
        '--log-level',
        'warn',
        '--mode',
        'never',
        ...limits,
      ]
      const child = startChild('edge-node/main.ts', args, { ...LOCAL_ENV, AWS_ENDPOINT_URL: endpoint })
      const { url } = await child.ready<{ url: string }>()
      return { child, edge: new EdgeClient(url), tookMs: performance.now() - startedMs }
    }
    const first = await start()
    say(`An empty start took ${Math.round(first.tookMs)} ms. Writing ${events.toLocaleString('en-US')} events ...`)
    const line = bidLines(1, { keys: 1000, zipf: 1, poison: 0 })
    let logBytes = 0
    for (let sent = 0; sent < events; sent += BATCH) {
      const lines = Array.from({ length: BATCH }, (_, n) => line(sent + n, Date.now()))
      logBytes += lines.reduce((bytes, { length }) => bytes + length + 1, 0)
      await first.edge.send(`fill-${sent}`, lines)
    }
    first.child.signal('SIGKILL')
    await first.child.ended()
    say('Killed. Starting again ...')
    const again = await start()
    await again.edge.send('first', [line(events, Date.now())])
    again.child.signal('SIGKILL')
    await again.child.ended()
    return { events, logBytes, startMs: Math.round(again.tookMs), emptyStartMs: Math.round(first.tookMs) }
  } finally {
    await cloud.stop()
    await rm(folder, { recursive: true, force: true })
  }
}
