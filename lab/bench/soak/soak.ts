import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Command } from 'commander'
import { FinalFiles } from '../../../edge-node/results/final-files'
import { integer, number } from '../../../scripts/command-line/flags'
import type { Bench } from '../bench'
import { type SoakNode, startSoakNode } from './soak-node'
import { renderSoak, type Soak, type SoakDay, type SoakFigures, type SoakTrial } from './soak-report'

export interface SoakOptions {
  readonly simulatedDays: number
  readonly windowSeconds: number
  readonly retentionDays: number
  readonly finals: number
  readonly trials: number
  readonly trialSeconds: number
}

const DAY_MS = 86_400_000
const KEYS = 20 // in a window: files of a common size are not the point here, their number is
const POISON_EVERY = 50 // events, of which one is dead-lettered
const MAX_UNFINISHED = 64 // windows on their way to the disk: a fast clock must not outrun it
const TRIAL_WINDOW_MS = 1_000
const TRIAL_CHECKPOINT_MS = 1_000 // often, so that what a checkpoint costs is in the hundredth that counts
const CHECKPOINT_MS = 500

/** Days in minutes, and what a week of short windows does to the time of an answer. */
export const soak: Bench<SoakOptions, SoakFigures> = {
  name: 'soak',
  description: 'memory, disk, checkpoints and ack times over simulated days of short windows: nothing grows for ever',
  options: (command: Command) =>
    command
      .option('--simulated-days <n>', 'days on a fast clock', number(0.001, 10_000), 30)
      .option('--window-seconds <n>', 'size of a window', integer(1, 86_400), 60)
      .option('--retention-days <n>', 'how long results are kept', number(0.001, 10_000), 7)
      .option('--finals <n>', 'final windows that one half of the trials begins with', integer(0, 1e8), 600_000)
      .option('--trials <n>', 'trials with finals and as many without, in turns', integer(1, 1_000), 3)
      .option('--trial-seconds <n>', 'length of each', number(1, 3_600), 15),
  measure: async (options, say) => ({
    retentionDays: options.retentionDays,
    windowSeconds: options.windowSeconds,
    finals: options.finals,
    soak: await inFolder((folder) => soakDays(folder, options, say)),
    trials: await runTrials(options, say),
  }),
  render: renderSoak,
}

async function soakDays(folder: string, options: SoakOptions, say: (text: string) => void): Promise<Soak> {
  const windowMs = options.windowSeconds * 1_000
  const windowsADay = Math.round(DAY_MS / windowMs)
  let nowMs = Math.ceil(Date.now() / windowMs) * windowMs
  const settings = { windowMs, retentionHours: options.retentionDays * 24, checkpointEveryMs: CHECKPOINT_MS }
  const node = await startSoakNode({ folder, epochMs: () => nowMs, ...settings })
  const days: SoakDay[] = []
  try {
    for (let day = 1; day <= options.simulatedDays; day++) {
      const acks: number[] = []
      for (let window = 0; window < windowsADay; window++) {
        const startMs = nowMs
        nowMs += windowMs
        acks.push(await timed(() => node.send(`${startMs}`, linesOf(startMs, windowMs))))
        while (unfinished(node) > MAX_UNFINISHED) await sleep(1)
      }
      const measured = { day, ackP99Ms: p99(acks), ...(await sizes(folder, node)) }
      days.push(measured)
      say(
        `day ${day} of ${options.simulatedDays}: ${node.results.count} windows final, ${measured.kept} kept, heap ${Math.round(measured.heapBytes / 2 ** 20)} MiB, disk ${Math.round(measured.diskBytes / 2 ** 20)} MiB, checkpoint ${measured.checkpointBytes} bytes, ack p99 ${measured.ackP99Ms.toFixed(1)} ms`,
      )
    }
    return { days }
  } finally {
    await node.stop()
  }
}

async function runTrials(options: SoakOptions, say: (text: string) => void): Promise<SoakTrial[]> {
  const trials: SoakTrial[] = []
  for (let index = 0; index < 2 * options.trials; index++) {
    const finals = index % 2 === 0 ? 0 : options.finals
    const trial = await inFolder((folder) => runTrial(folder, finals, options.trialSeconds))
    trials.push(trial)
    say(
      `[${index + 1}/${2 * options.trials}] with ${finals} finals: ack p99 ${trial.ackP99Ms.toFixed(2)} ms, checkpoint ${trial.checkpointBytes} bytes, held ${trial.heldMs.toFixed(1)} ms`,
    )
  }
  return trials
}

/** Acks in real time, a window a second, while checkpoints are taken. */
async function runTrial(folder: string, finals: number, seconds: number): Promise<SoakTrial> {
  await fillFinals(folder, finals)
  const settings = { windowMs: TRIAL_WINDOW_MS, retentionHours: 7 * 24, checkpointEveryMs: TRIAL_CHECKPOINT_MS }
  const startedMs = performance.now()
  const node = await startSoakNode({ folder, epochMs: Date.now, ...settings })
  const startMs = performance.now() - startedMs
  const acks: number[] = []
  try {
    for (const endMs = Date.now() + seconds * 1_000; Date.now() < endMs; ) {
      acks.push(await timed(() => node.send(`${acks.length}`, linesOf(Date.now(), 1))))
      await sleep(2)
    }
    const { heldMs, bytes } = node.node.checkpointer.cost
    const heapBytes = heapAfterCollection()
    return { finals, ackP99Ms: p99(acks), acks: acks.length, heldMs, checkpointBytes: bytes, startMs, heapBytes }
  } finally {
    await node.stop()
  }
}

/**
 * Final records as a node with windows of a second leaves them; their results are not there, and nobody asks for them.
 */
async function fillFinals(folder: string, count: number): Promise<void> {
  const files = await FinalFiles.open(join(folder, 'finals'), { begin: () => {}, final: () => {} })
  const firstMs = Math.floor(Date.now() / 1_000) * 1_000 - (count + 60) * 1_000
  for (let from = 0; from < count; from += 5_000) {
    const numbers = Array.from({ length: Math.min(5_000, count - from) }, (_, index) => from + index)
    await files.append(
      numbers.map((number) => ({
        type: 'final',
        number,
        startMs: firstMs + number * 1_000,
        endMs: firstMs + (number + 1) * 1_000,
        version: 'soak',
        accepted: [20, number.toString(16).padStart(16, '0')],
        edge: 20,
        burst: 0,
        deadLettered: 0,
        rows: 20,
        digest: number.toString(16).padStart(64, '0'),
        atMs: firstMs + (number + 2) * 1_000,
        bytes: 300,
      })),
    )
  }
}

const linesOf = (startMs: number, lengthMs: number): string[] =>
  Array.from({ length: KEYS }, (_, index) => {
    const t = startMs + Math.floor((index * lengthMs) / KEYS)
    return JSON.stringify({ k: `key-${index}`, t, v: (startMs / 1_000 + index) % POISON_EVERY === 0 ? 'x' : index })
  })

function unfinished({ node }: SoakNode): number {
  const { closing, finalizing } = node.progress.windows
  return closing + finalizing
}

async function sizes(folder: string, { node, results }: SoakNode): Promise<Omit<SoakDay, 'day' | 'ackP99Ms'>> {
  const { heldMs, bytes } = node.checkpointer.cost
  return {
    kept: results.count - results.first,
    heapBytes: heapAfterCollection(),
    diskBytes: await bytesBelow(folder),
    checkpointBytes: bytes,
    heldMs,
  }
}

async function bytesBelow(folder: string): Promise<number> {
  let bytes = 0
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    // A file may be deleted before it is looked at.
    bytes += entry.isDirectory()
      ? await bytesBelow(path)
      : await stat(path).then(
          ({ size }) => size,
          () => 0,
        )
  }
  return bytes
}

/** What is reachable, and buffers beside it. */
function heapAfterCollection(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedMs = performance.now()
  await work()
  return performance.now() - startedMs
}

function p99(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Number.NaN
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-soak-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
