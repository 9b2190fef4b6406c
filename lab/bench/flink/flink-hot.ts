import { mkdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { FlinkRest } from '../../../flink/rest/flink-rest'
import { chooseJob, JobReader, listJobs } from '../../../flink/rest/job-metrics'
import { lagOf, readBy } from '../../../flink/rest/job-rates'
import { FlinkRest as Cluster, type Job } from '../../../scripts/flink/cluster/rest'
import { deadLettersOf } from '../../../scripts/flink/letters'
import { ONE_STREAM, sendLoad } from '../../../scripts/flink/send-load'
import { startStage } from '../../../scripts/flink/stage'
import { createTopic, startProducer } from '../../../scripts/kafka/topics'
import { bidLines } from '../../../scripts/load/events/bids'
import type { LoadReport } from '../../../scripts/load/report'
import { scheduleOf } from '../../../scripts/load/schedule/open-schedule'
import type { Child, Stoppable } from '../../../scripts/processes/child'
import { runMaven } from '../../../scripts/processes/java/maven'
import { startLoad } from '../../../scripts/start/load-process'
import { byPart, type Part, type ProcessTimes } from '../process-times'
import { Stage } from '../stage'
import type { HotRun, HotSystem } from './flink-figures'

/** A steady load of cheap events, of which the first seconds warm everything up. */
export interface HotOptions {
  readonly hotRate: number
  readonly warmSeconds: number
  readonly hotSeconds: number
  readonly seed: number
  readonly kafkaPort: number
  readonly restPort: number
  readonly folder: string
}

const PLAIN = path.resolve(__dirname, '../../../flink/plain')
const PLAIN_JAR = path.join(PLAIN, 'target/plain-flink.jar')
const PARTITIONS = 4
const PARALLELISM = 2
const LOOK_EVERY_MS = 250
const MOST_WAIT_MS = 300_000
const KEYS = { keys: 1_000, zipf: 1, poison: 0 } as const

/**
 * Our job and then a plain one, on one cluster and one broker. The second finds code of Flink and Kafka compiled already:
 * that is to the plain one's good.
 */
export async function hotOnFlink(
  options: HotOptions,
  times: ProcessTimes,
  say: (text: string) => void,
): Promise<HotRun[]> {
  const { folder, kafkaPort, restPort } = options
  say('Building the plain job of the same aggregates.')
  await runMaven(PLAIN, ['-q', 'package'], say)
  const children: Stoppable[] = []
  try {
    const place = { dataDir: path.join(folder, 'hot'), kafkaPort, restPort, slots: PARALLELISM }
    const what = { pipeline: 'hot', mode: 'never', capacity: 2_000, isHighlyAvailable: false } as const
    const stage = await startStage({ ...place, ...what }, children, say)
    const { kafka, sidecar, cluster } = stage
    const common = { bootstrap: kafka.bootstrap, parallelism: String(PARALLELISM) }
    for (const name of ['ours', 'plain']) {
      await createTopic(kafka, `hot-${name}`, PARTITIONS)
      await createTopic(kafka, `results-${name}`, 1)
    }
    await createTopic(kafka, deadLettersOf('results-ours'), 1)
    const ours = { ...common, pipeline: 'hot', ...sidecar.jobOptions, topic: 'hot-ours', results: 'results-ours' }
    const submitPlain = () =>
      new Cluster(`http://127.0.0.1:${restPort}`, folder).submit(PLAIN_JAR, {
        ...{ ...common, topic: 'hot-plain', results: 'results-plain' },
      })
    const foldedBySidecar = async () => (await sidecar.facts())?.events.edge ?? 0
    const send = (topic: string, folded: () => Promise<number>) =>
      measured({ ...options, children, send: () => startProducer(kafka, topic), folded, times })
    const { hotRate, warmSeconds, hotSeconds } = options
    const load = `${warmSeconds + hotSeconds} s at ${hotRate} events/s, then what is left`
    say(`Our job, with its sidecar: ${load}.`)
    const withSidecar = await whileRunning(await cluster.submit(ours), () => send('hot-ours', foldedBySidecar))
    say(`The plain job: ${load}.`)
    const plain = await whileRunning(await submitPlain(), () => send('hot-plain', readByJob(restPort)))
    return [partsOf('plain Flink', plain), partsOf('Flink with the sidecar', withSidecar)]
  } finally {
    for (const child of children.reverse()) await child.stop()
  }
}

/** What else runs meanwhile, a sidecar that nobody asks or a cloud without work, is no part of a system. */
const PARTS_OF: Readonly<Record<HotSystem, readonly Part[]>> = {
  'plain Flink': ['broker', 'JobManager', 'TaskManager'],
  'Flink with the sidecar': ['broker', 'JobManager', 'TaskManager', 'sidecar'],
  'edge node': ['edge node'],
}

function partsOf(system: HotSystem, { cpuMs, ...run }: Omit<HotRun, 'system'>): HotRun {
  const own = cpuMs && byPart((part) => (PARTS_OF[system].includes(part) ? cpuMs[part] : 0))
  return { system, ...run, cpuMs: own }
}

async function whileRunning<T>(job: Job, work: () => Promise<T>): Promise<T> {
  const result = await work()
  await job.cancel()
  return result
}

/** Events that the only job that runs has read, or 0 as long as some wait. */
function readByJob(restPort: number): () => Promise<number> {
  const rest = new FlinkRest(`http://127.0.0.1:${restPort}`)
  let reader: JobReader | null = null
  return async () => {
    reader ??= new JobReader(rest, chooseJob(await listJobs(rest), undefined).jobId)
    const reading = await reader.read()
    const read = reading.vertices.reduce((sum, vertex) => sum + (vertex.isSource ? (readBy(vertex) ?? 0) : 0), 0)
    return (lagOf(reading) ?? 0) > 0 ? 0 : read
  }
}

interface Measured extends HotOptions {
  readonly children: Stoppable[]
  readonly send: () => ReturnType<typeof startProducer>
  readonly folded: () => Promise<number>
  readonly times: ProcessTimes
}

async function measured(run: Measured): Promise<Omit<HotRun, 'system'>> {
  const { hotRate, warmSeconds, hotSeconds, seed, folder, children, send, folded, times } = run
  const producer = send()
  children.push(producer)
  const schedule = scheduleOf({ kind: 'constant', rate: hotRate }, warmSeconds + hotSeconds, seed, '')
  const startMs = Date.now()
  await sendLoad({
    ...{ schedule, startMs, streams: ONE_STREAM, to: producer.stdin, keptFile: '/dev/null' },
    lineOf: bidLines(seed, KEYS),
  })
  await producer.ended
  const deadlineMs = performance.now() + MOST_WAIT_MS
  while ((await folded()) < schedule.total) {
    if (performance.now() > deadlineMs) throw new Error(`not all events were folded; see the logs in ${folder}`)
    await sleep(LOOK_EVERY_MS)
  }
  return figures(run, startMs, Date.now(), times)
}

function figures(
  { hotRate, warmSeconds, hotSeconds }: HotOptions,
  startMs: number,
  endMs: number,
  times: ProcessTimes,
): Omit<HotRun, 'system'> {
  const fromMs = startMs + warmSeconds * 1000
  return {
    events: hotRate * hotSeconds,
    seconds: (endMs - fromMs) / 1000,
    cpuMs: times.between(fromMs, endMs),
  }
}

/** The same load over HTTP. */
export async function hotOnEdge(options: HotOptions, times: ProcessTimes): Promise<HotRun> {
  const { hotRate, warmSeconds, hotSeconds, seed } = options
  return Stage.with({}, (stage) =>
    stage.withEdge({ options: { pipeline: 'hot', mode: 'never' } }, async ({ client }, folder) => {
      await mkdir(folder, { recursive: true })
      const shape = { kind: 'constant', rate: hotRate, seconds: warmSeconds + hotSeconds } as const
      const children: Child[] = []
      const load = startLoad({ url: client.url, pipeline: 'bids', shape, seed, folder }, children)
      if ((await load.ended()) !== 0) throw new Error('the load of the edge node did not end well; see above')
      const { scheduleStartMs } = JSON.parse(await readFile(path.join(folder, 'load.json'), 'utf8')) as LoadReport
      return partsOf('edge node', figures(options, scheduleStartMs, Date.now(), times))
    }),
  )
}
