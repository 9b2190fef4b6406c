import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { integer } from '../../../scripts/command-line/flags'
import { markdownTable, paragraphs, whole } from '../../../scripts/command-line/markdown'
import { bidLines } from '../../../scripts/load/events/bids'
import { LOCAL_ENV, startChild } from '../../../scripts/processes/child'
import { EdgeClient } from '../../../scripts/processes/edge-process'
import type { Bench } from '../bench'

const mib = (bytes: number | null | undefined) => (bytes == null ? '?' : whole(bytes / 2 ** 20))

interface RecoveryOptions {
  readonly events: number
  readonly backlogBytes: number
}

export const recovery: Bench<RecoveryOptions, RecoveryFigures> = {
  name: 'recovery',
  description: 'how long an edge node takes to start again with events behind its last checkpoint',
  options: (command: Command) =>
    command
      .option('--events <n>', 'events in the log behind the checkpoint', integer(1, 1e9), 1_000_000)
      .option(
        '--backlog-bytes <n>',
        'limit of the backlog of the measured start; beyond it the node refuses until it has worked it off',
        integer(1, Number.MAX_SAFE_INTEGER),
        NO_LIMIT,
      ),
  measure: ({ events, backlogBytes }, say) => measureRecovery(events, backlogBytes, say),
  render: ({ events, logBytes, startMs, acceptsMs, emptyStartMs, peakBytes, emptyPeakBytes }) => ({
    markdown: paragraphs(
      '# Recovery',
      'An edge node is killed with SIGKILL and started again; the time counts from the start of the process until it listens, and until it accepts events; the memory is the most that it took until then.',
      markdownTable(
        ['log behind the checkpoint', 'MiB', 'start ms', 'accepts after ms', 'peak MiB'],
        [
          ['empty', '0', whole(emptyStartMs), whole(emptyStartMs), mib(emptyPeakBytes)],
          [`${whole(events)} events`, mib(logBytes), whole(startMs), whole(acceptsMs ?? startMs), mib(peakBytes)],
        ],
      ),
    ),
    plots: [],
    mustHold: [],
  }),
}

const BATCH = 1_000
const RETRY_MS = 20
/** So that the log is filled faster than it is folded: the most that the setting takes, far more than is sent. */
export const NO_LIMIT = 2 ** 30
const NO_CHECKPOINT_MS = 3_600_000 // the most that the setting takes; a measurement lasts minutes

/** What one recovery took. */
export interface RecoveryFigures {
  readonly events: number
  readonly logBytes: number
  /** From the start of the process until it listens; all of it, and what an empty log takes. */
  readonly startMs: number
  readonly emptyStartMs: number
  /** Until it accepts events: while it has a larger backlog than it may, it refuses. */
  readonly acceptsMs: number
  /** The most memory that it took until then, and that an empty one takes; null where there is no /proc. */
  readonly peakBytes: number | null
  readonly emptyPeakBytes: number | null
}

/**
 * Fills the log of an edge node with `events` events behind its last checkpoint, kills it with SIGKILL, and measures
 * how long the next start takes until it listens again, and how much memory. `backlogBytes` is the limit of that start,
 * which has all events in its backlog.
 */
export async function measureRecovery(
  events: number,
  backlogBytes: number,
  say: (text: string) => void,
): Promise<RecoveryFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-recovery-'))
  const cloud = startChild(
    'localstack/embedded/main.ts',
    ['--port', '0', '--log-file', join(folder, 'functions.log')],
    LOCAL_ENV,
  )
  try {
    const { endpoint } = await cloud.ready<{ endpoint: string }>()
    const start = async (maxBacklogBytes: number) => {
      const startedMs = performance.now()
      const limits = ['--max-backlog-bytes', String(maxBacklogBytes), '--checkpoint-every-ms', String(NO_CHECKPOINT_MS)]
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
      return { child, edge: new EdgeClient(url), startedMs, tookMs: performance.now() - startedMs }
    }
    const first = await start(NO_LIMIT)
    const emptyPeakBytes = await peakBytesOf(first.child.pid)
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
    const again = await start(backlogBytes)
    await untilTaken(() => again.edge.send('first', [line(events, Date.now())]))
    const acceptsMs = Math.round(performance.now() - again.startedMs)
    const peakBytes = await peakBytesOf(again.child.pid)
    again.child.signal('SIGKILL')
    await again.child.ended()
    const times = { startMs: Math.round(again.tookMs), emptyStartMs: Math.round(first.tookMs) }
    return { events, logBytes, ...times, acceptsMs, peakBytes, emptyPeakBytes }
  } finally {
    await cloud.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

/** The largest resident memory that a process has had so far, as Linux counts it; null elsewhere. */
async function peakBytesOf(pid: number | undefined): Promise<number | null> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]
  return kib === undefined ? null : Number(kib) * 1024
}

async function untilTaken(send: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await send()
      return
    } catch (error) {
      if (!/ 429/.test(String(error))) throw error
      await sleep(RETRY_MS)
    }
  }
}
