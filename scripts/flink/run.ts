import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import bids from '../../pipelines/bids'
import { createTopic, type Kafka, startProducer, startReader } from '../kafka/topics'
import { bidLines } from '../load/events/bids'
import { scheduleOf } from '../load/schedule/open-schedule'
import type { Schedule } from '../load/schedule/schedule'
import type { Stoppable } from '../processes/child'
import type { Comparison } from '../verify/compare'
import { expectedWindows } from '../verify/expected'
import { oraclePipeline } from '../verify/pipelines/named'
import type { ServedWindow } from '../verify/served'
import type { Job } from './cluster/rest'
import { startController } from './controller-process'
import { killer, spread } from './faults'
import { deadLettersOf, type Letters, readLetters } from './letters'
import type { FlinkRunOptions } from './options'
import { type FlinkReport, flinkReport, type ReadWindow } from './report'
import { AT_REST_AFTER_MS } from './samples'
import { ONE_STREAM, PARTITIONS_WITH_SLOW, sendLoad, withSlowPartition } from './send-load'
import { type Stage, startStage } from './stage'
import { WARM_EVENTS, warmUp } from './warm-up'
import { type Watch, watchRun } from './watch'

export const PIPELINE = bids.name
const [TOPIC, RESULTS] = ['bids', 'results']
const PARTITIONS = 4
/** Windows close 7 s past their end, or after 5 s of silence; then comes a checkpoint. Back-pressure may add to it. */
const RESULTS_TIMEOUT_MS = 180_000
const REST_WATCHED_MS = 3_000 // a dozen looks
const SETTLE_MS = 3_000 // another checkpoint: a window too many would come with it

/** What came of a run; the differences are those of the windows. */
export interface FlinkOutcome {
  readonly report: FlinkReport
  readonly comparison: Comparison
}

/**
 * Starts cloud, broker and cluster, submits the job, which starts its sidecar, sends a load with a spike, waits for every
 * window and checks them all. What it starts is added to `children`, which the caller stops.
 */
export async function runOnFlink(
  options: FlinkRunOptions,
  children: Stoppable[],
  say: (text: string) => void,
): Promise<FlinkOutcome> {
  const { parallelism, mode, rescale = 0, kill: faults = [] } = options
  const isHighlyAvailable = faults.includes('jobmanager')
  const slots = Math.max(parallelism, rescale)
  const stage = await startStage({ ...options, pipeline: PIPELINE, slots, isHighlyAvailable }, children, say)
  const partitions = options.slowSeconds > 0 ? PARTITIONS_WITH_SLOW : PARTITIONS
  await Promise.all([
    createTopic(stage.kafka, TOPIC, partitions),
    createTopic(stage.kafka, RESULTS, 1),
    createTopic(stage.kafka, deadLettersOf(RESULTS), 1),
  ])
  const job = await submit(stage, parallelism)
  const flink = `http://127.0.0.1:${options.restPort}`
  const { address: sidecar } = stage.sidecar
  const controller = await startController({ flink, sidecar, pipeline: PIPELINE, mode }, children)
  say(`Dashboard of the job: ${controller}`)
  return Promise.race([stage.cluster.ended, sendAndCheck(options, stage, job, children, say)])
}

const submit = ({ cluster, kafka, sidecar }: Stage, parallelism: number, savepointPath?: string): Promise<Job> =>
  cluster.submit(
    {
      ...{ pipeline: PIPELINE, bootstrap: kafka.bootstrap, topic: TOPIC, results: RESULTS, run: 'demo' },
      ...{ ...sidecar.jobOptions, parallelism: String(parallelism) },
    },
    savepointPath,
  )

async function sendAndCheck(
  options: FlinkRunOptions,
  stage: Stage,
  job: Job,
  children: Stoppable[],
  say: (text: string) => void,
): Promise<FlinkOutcome> {
  const { rate, peak, seconds, spikeSeconds, seed, restPort, slowSeconds } = options
  const results = readResults(stage.kafka, RESULTS, children)
  const letters = readLetters(stage.kafka, RESULTS, children)
  const producer = startProducer(stage.kafka, TOPIC, slowSeconds > 0)
  children.push(producer)
  say(
    `Flink's own page: http://127.0.0.1:${restPort}. Load: ${seconds} s at ${rate} events/s, with ${peak} for ${spikeSeconds} s.\n`,
  )
  const profile = { kind: 'spike', rate, peak, startSeconds: null, lengthSeconds: spikeSeconds } as const
  const schedule = scheduleOf(profile, seconds, seed, '')
  const lineOf = bidLines(seed, { keys: 1_000, zipf: 1, poison: options.poison })
  const keptFiles = ['warm-up.ndjson', 'accepted.ndjson'].map((name) => path.join(options.dataDir, name))
  const [warmFile, keptFile] = keptFiles as [string, string]
  // Three partitions of a load with a slow one are to stay empty.
  const warmEvents = slowSeconds > 0 ? 0 : WARM_EVENTS
  await warmUp({ to: producer.stdin, sidecar: stage.sidecar, lineOf, keptFile: warmFile }, warmEvents)
  const startMs = Date.now()
  const watch = watchRun({ stage, schedule, startMs, windows: () => results.size }, say)
  const disturbed = disturb(options, schedule, stage, job, say)
  const sending = sendLoad({
    ...{ schedule, startMs, keptFile, lineOf },
    streams: slowSeconds > 0 ? withSlowPartition(slowSeconds * 1000) : ONE_STREAM,
    to: producer.stdin,
  })
  const [sent] = await Promise.all([sending, disturbed])
  if ((await producer.ended) !== 0) throw new Error(`not all records were taken; ${stage.kafka.logFile} says why`)
  say(`\nAll ${sent.toLocaleString('en-US')} events are in Kafka. Waiting for the last windows ...`)
  return check({ options, schedule, keptFiles, results, letters, watch })
}

/** What is left of a load when all of it was sent. */
interface Sent {
  readonly options: FlinkRunOptions
  readonly schedule: Schedule
  readonly keptFiles: readonly string[]
  readonly results: ReadonlyMap<number, ReadWindow>
  readonly letters: Letters
  readonly watch: Watch
}

async function check({ options, schedule, keptFiles, results, letters, watch }: Sent): Promise<FlinkOutcome> {
  const expected = await expectedWindows(keptFiles, oraclePipeline(PIPELINE))
  await waitFor(results, expected.windows.length)
  // Of a run without faults the time after the burst is looked at as well.
  if (options.kill === undefined && options.rescale === undefined) await sleep(AT_REST_AFTER_MS + REST_WATCHED_MS)
  const watched = await watch.end()
  const closableAfterMs = bids.allowedLatenessMs + bids.outOfOrdernessMs
  const read = [...results.values()]
  return flinkReport({ options, pipeline: PIPELINE, schedule, expected, closableAfterMs, read, letters, watched })
}

/** Waits until there are so many windows, for a while, and then for one too many. */
export async function waitFor(results: ReadonlyMap<number, ReadWindow>, count: number): Promise<void> {
  const deadlineMs = performance.now() + RESULTS_TIMEOUT_MS
  while (results.size < count && performance.now() < deadlineMs) await sleep(200)
  await sleep(SETTLE_MS)
}

/** The windows of a results topic, by their end, as they come. One that comes twice ends the process: it was committed twice. */
export function readResults(kafka: Kafka, topic: string, children: Stoppable[]): ReadonlyMap<number, ReadWindow> {
  const read = new Map<number, ReadWindow>()
  const reader = startReader(kafka, topic, (line) => {
    const window = JSON.parse(line) as ServedWindow
    const times = (read.get(window.end)?.times ?? 0) + 1
    read.set(window.end, { window, times, readAtMs: Date.now() })
  })
  children.push(reader)
  return read
}

/** Kills and rescales as the options say, evenly over the spike. */
async function disturb(
  options: FlinkRunOptions,
  { spike }: Schedule,
  stage: Stage,
  job: Job,
  say: (text: string) => void,
): Promise<void> {
  const { kill: faults = [], rescale, awaySeconds, dataDir } = options
  const acts = faults.map((fault) => async () => killer(fault, stage, awaySeconds * 1000)())
  if (rescale !== undefined) acts.push(() => rescaleTo(rescale))
  if (acts.length === 0 || spike === null) return
  const timesMs = spread(acts.length, spike.startMs, (spike.endMs ?? spike.startMs) - spike.startMs)
  const startMs = performance.now()
  for (const [index, act] of acts.entries()) {
    await sleep(Math.max(0, timesMs[index]! - (performance.now() - startMs)))
    await act()
  }

  async function rescaleTo(parallelism: number): Promise<void> {
    say(`   the job is stopped with a savepoint, to go on with parallelism ${parallelism}`)
    const savepoint = await job.stopWithSavepoint(path.join(dataDir, 'savepoints'))
    await submit(stage, parallelism, savepoint)
    say(`   it goes on from ${path.basename(savepoint)}`)
  }
}
