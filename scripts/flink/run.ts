import { mkdir, readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ensurePackaged } from '../../localstack/package'
import { ensureKafka, startBroker } from '../kafka/broker'
import { createTopic, type Kafka, startProducer, startReader } from '../kafka/topics'
import { bidLines } from '../load/bids'
import { scheduleOf } from '../load/open-schedule'
import type { Stoppable } from '../start/child'
import { startCloud } from '../start/cloud-process'
import type { Comparison } from '../verify/compare'
import { expectedWindows } from '../verify/expected'
import { oraclePipeline } from '../verify/pipelines/named'
import type { ServedWindow } from '../verify/served'
import { type Cluster, startCluster } from './cluster'
import { ensureJobPackaged } from './job-jar'
import { type FlinkReport, flinkReport, type ReadWindow } from './report'
import { sendLoad } from './send-load'
import { type StartedSidecar, startedSidecar } from './sidecar-process'

/** What to run. */
export interface FlinkRunOptions {
  readonly seconds: number
  /** Events per second, and at the spike. */
  readonly rate: number
  readonly peak: number
  readonly spikeSeconds: number
  readonly poison: number
  readonly seed: number
  readonly parallelism: number
  /** What to kill in the middle of the spike. */
  readonly kill?: 'sidecar' | 'taskmanager'
  readonly mode: 'auto' | 'always' | 'never'
  readonly kafkaPort: number
  readonly restPort: number
  /** Folder of this run; emptied first. */
  readonly dataDir: string
}

const PIPELINE = 'bids'
const [TOPIC, RESULTS, DEAD_LETTERS] = ['bids', 'results', 'results-dead-letters']
const PARTITIONS = 4
const MADE_BY = 'kafka' // a folder that an earlier run has made has this one in it
const PROGRESS_EVERY_MS = 1_000
/** Windows close 7 s past their end, or after 5 s of silence; then comes a checkpoint. Back-pressure may add to it. */
const RESULTS_TIMEOUT_MS = 180_000
const SETTLE_MS = 3_000 // another checkpoint: a window too many would come with it

/**
 * Starts cloud, broker, sidecar and cluster, submits the job, sends a load with a spike, waits for every window and checks them all. What it
 * starts is added to `children`, which the caller stops.
 */
export async function runOnFlink(
  options: FlinkRunOptions,
  children: Stoppable[],
  say: (text: string) => void,
): Promise<{ readonly report: FlinkReport; readonly comparison: Comparison }> {
  const { dataDir, parallelism, mode } = options
  await ensureKafka(say)
  await ensureJobPackaged(say)
  await ensurePackaged()
  await emptyFolder(dataDir)
  const folder = path.join(dataDir, 'flink')
  await mkdir(folder)
  say('Starting the embedded cloud, a Kafka broker and a Flink cluster with its sidecar, all on this machine.')
  const endpoint = await startCloud({ logFile: path.join(dataDir, 'functions.log') }, children)
  const bootstrap = await startBroker({ folder: path.join(dataDir, 'kafka'), port: options.kafkaPort }, children)
  const kafka = { bootstrap, logFile: path.join(dataDir, 'kafka-commands.log') }
  await Promise.all([
    createTopic(kafka, TOPIC, PARTITIONS),
    createTopic(kafka, RESULTS, 1),
    createTopic(kafka, DEAD_LETTERS, 1),
  ])
  const sidecar = startedSidecar({ folder: dataDir, pipeline: PIPELINE, mode, endpoint })
  const cluster = await startCluster({ folder, restPort: options.restPort, slots: parallelism }, children, say)
  await cluster.submit({
    ...{ pipeline: PIPELINE, bootstrap, topic: TOPIC, results: RESULTS },
    ...{ sidecar: sidecar.address, 'sidecar-command': sidecar.command, parallelism: String(parallelism) },
  })
  return Promise.race([cluster.ended, sendAndCheck(options, { kafka, sidecar, cluster }, children, say)])
}

/** What a load meets. */
interface Stage {
  readonly kafka: Kafka
  readonly sidecar: StartedSidecar
  readonly cluster: Cluster
}

async function sendAndCheck(
  options: FlinkRunOptions,
  { kafka, sidecar, cluster }: Stage,
  children: Stoppable[],
  say: (text: string) => void,
) {
  const { rate, peak, seconds, spikeSeconds, seed, poison, dataDir, restPort } = options
  const read = new Map<number, ReadWindow>()
  let repeated = 0
  const reader = startReader(kafka, RESULTS, (line) => {
    const window = JSON.parse(line) as ServedWindow
    if (read.has(window.end)) repeated += 1
    else read.set(window.end, { window, readAtMs: Date.now() })
  })
  const letters = new Map<string, number>()
  const letterReader = startReader(kafka, DEAD_LETTERS, (line) => {
    const { partition, offset } = JSON.parse(line) as { partition: number; offset: number }
    const place = `${partition}@${offset}`
    letters.set(place, (letters.get(place) ?? 0) + 1)
  })
  children.push(reader, letterReader)
  const producer = startProducer(kafka, TOPIC)
  children.push(producer)
  const load = `${seconds} s at ${rate} events/s, with ${peak} for ${spikeSeconds} s`
  say(`Flink's own page: http://127.0.0.1:${restPort}. Load: ${load}.\n`)
  const progress = showProgress(sidecar, () => read.size, say)
  const spike = { kind: 'spike', rate, peak, startSeconds: null, lengthSeconds: spikeSeconds } as const
  const schedule = scheduleOf(spike, seconds, seed, '')
  const midSpikeMs = (seconds / 3 + spikeSeconds / 2) * 1000
  const killing = setTimeout(killer(options.kill, sidecar, cluster), midSpikeMs)
  const keptFile = path.join(dataDir, 'accepted.ndjson')
  const sent = await sendLoad(schedule, bidLines(seed, { keys: 1_000, zipf: 1, poison }), producer.stdin, keptFile)
  clearTimeout(killing)
  if ((await producer.ended) !== 0) throw new Error(`not all records were taken; ${kafka.logFile} says why`)
  say(`\nAll ${sent.toLocaleString('en-US')} events are in Kafka. Waiting for the last windows ...`)
  const expected = await expectedWindows([keptFile], oraclePipeline(PIPELINE))
  const deadlineMs = performance.now() + RESULTS_TIMEOUT_MS
  while (read.size < expected.windows.length && performance.now() < deadlineMs) await sleep(200)
  await sleep(SETTLE_MS)
  clearInterval(progress)
  if (repeated > 0) throw new Error(`${repeated} windows stand twice among the committed results`)
  const checked = flinkReport(PIPELINE, expected, [...read.values()])
  checkLetters(letters, checked.report.deadLettered)
  return checked
}

/** Each dead event is in the topic of dead letters, once. The load has no late events, and none that are rejected. */
function checkLetters(letters: ReadonlyMap<string, number>, deadLettered: number): void {
  const written = [...letters.values()].reduce((sum, times) => sum + times, 0)
  if (letters.size === deadLettered && written === deadLettered) return
  const what = `${written} letters of ${letters.size} events stand in the topic ${DEAD_LETTERS}`
  throw new Error(`${what}; ${deadLettered} events are dead`)
}

function showProgress(sidecar: StartedSidecar, windows: () => number, say: (text: string) => void): NodeJS.Timeout {
  const count = (value: number) => Math.round(value).toLocaleString('en-US').padStart(9)
  say('   folded at the edge    in the burst   queue delay    windows')
  return setInterval(async () => {
    const facts = await sidecar.facts()
    if (facts === null) return
    const { edge, burst } = facts.events
    const delay = `${count(facts.decision.queueDelayMs)} ms`
    say(`   ${count(edge)}          ${count(burst)}      ${delay}  ${count(windows())}`)
  }, PROGRESS_EVERY_MS)
}

function killer(what: FlinkRunOptions['kill'], sidecar: StartedSidecar, cluster: Cluster): () => void {
  switch (what) {
    case 'sidecar':
      return () => void sidecar.kill()
    case 'taskmanager':
      return cluster.killTaskManager
    case undefined:
      return () => undefined
  }
}

async function emptyFolder(folder: string): Promise<void> {
  const found = await readdir(folder).catch((): string[] => [])
  if (found.length > 0 && !found.includes(MADE_BY)) {
    throw new Error(`${folder} is not from an earlier run; choose another --data-dir`)
  }
  await rm(folder, { recursive: true, force: true })
  await mkdir(path.join(folder, MADE_BY), { recursive: true })
}
