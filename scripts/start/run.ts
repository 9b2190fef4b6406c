import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { configSchema } from '../../edge-node/config'
import { bidLines } from '../load/bids'
import { llmUsageLines } from '../load/llm-usage'
import type { LoadReport } from '../load/report'
import { verify } from '../verify/report'
import { measureCapacity } from './calibrate'
import { type Child, startChild } from './child'
import { EdgeClient } from './edge-client'
import { LOCAL_ENV } from './local-env'
import { buildReport, type Report } from './report'
import { PROGRESS_HEADER, progressLine, type Sample, sampleOf } from './samples'

/** What to run. Rates are shares of the capacity that is measured first, so that a run means the same on any machine. */
export interface RunOptions {
  readonly pipeline: 'bids' | 'llm-usage'
  /** Port of the edge node; 0 takes a free one. */
  readonly port: string
  /** Length of the load; a trace has its own. */
  readonly seconds: number
  readonly base: number
  readonly peak: number
  readonly spikeSeconds: number
  /** A rate trace to replay instead of the spike, its speed-up and its mean rate. */
  readonly trace?: string
  readonly speedup: number
  readonly mean: number
  readonly seed: number
  /** Share of events that the pipeline cannot fold. */
  readonly poison: number
  /** Folder for the log, the results and what the load left; emptied first. */
  readonly dataDir: string
}

/** The report, the examples of differences in words where there are any, and where the edge node goes on serving. */
export interface RunOutcome {
  readonly report: Report
  readonly differences: string | null
  readonly url: string
}

const SAMPLE_MS = 250
const SAMPLES_PER_LINE = 4
const FINAL_TIMEOUT_MS = 240_000 // a window of a minute, its lateness, and a cloud that has to catch up

/**
 * Starts the embedded cloud and an edge node, measures its capacity, sends the load, waits until every window is final and checks them
 * all. The processes are added to `children` as they start and go on running: the caller stops them. Rejects when one of them fails.
 */
export async function run(options: RunOptions, children: Child[], say: (text: string) => void): Promise<RunOutcome> {
  const start = (file: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) => {
    const child = startChild(file, args, env)
    children.push(child)
    return child
  }
  const { dataDir, pipeline } = options
  await emptyFolder(dataDir)
  say('Starting the embedded cloud: Kinesis, Lambda and DynamoDB on this machine.')
  const cloud = start(
    'localstack/embedded/main.ts',
    ['--port', '0', '--log-file', `${dataDir}/functions.log`],
    LOCAL_ENV,
  )
  const { endpoint } = await cloud.ready<{ endpoint: string }>()
  const edgeArgs = [
    '--pipeline',
    pipeline,
    '--port',
    options.port,
    '--data-dir',
    `${dataDir}/edge`,
    '--log-level',
    'warn',
  ]
  const edgeProcess = start('edge-node/main.ts', edgeArgs, { ...LOCAL_ENV, AWS_ENDPOINT_URL: endpoint })
  const edge = new EdgeClient((await edgeProcess.ready<{ url: string }>()).url)
  say(`The edge node serves ${pipeline} at ${edge.url}. Measuring its base capacity ...`)
  const lines = pipeline === 'bids' ? bidLines(0, { keys: 1000, zipf: 1, poison: 0 }) : llmUsageLines(0)
  const capacity = await measureCapacity(edge, lines, `${dataDir}/capacity.ndjson`)
  say(
    `Base capacity: ${Math.round(capacity).toLocaleString('en-US')} events/s. ${loadText(options)}\n\n${PROGRESS_HEADER}`,
  )
  const series = await watch(edge, start('scripts/load.ts', loadArgs(options, edge.url, capacity)), say)
  say('\nEvery window is final. Computing them again, independently, from what was accepted ...')
  const load = JSON.parse(await readFile(`${dataDir}/load.json`, 'utf8')) as LoadReport
  const check = await verify({ accepted: [`${dataDir}/capacity.ndjson`, `${dataDir}/load.ndjson`], url: edge.url })
  const { maxQueueDelayMs } = configSchema.parse({})
  const report = buildReport({ capacity, maxQueueDelayMs, load, status: await edge.status(), check, series })
  return { report, differences: check.exact ? null : JSON.stringify(check.examples, null, 2), url: edge.url }
}

const MARK = 'made-by-npm-start'

/** Empties a folder that an earlier run has made; any other with something in it is not touched. */
async function emptyFolder(folder: string): Promise<void> {
  const files = await readdir(folder).catch((): string[] => [])
  if (files.length > 0 && !files.includes(MARK)) {
    throw new Error(`${folder} is not from an earlier run; choose another --data-dir`)
  }
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await writeFile(`${folder}/${MARK}`, '')
}

function loadText({ trace, seconds, peak, base, spikeSeconds, speedup }: RunOptions): string {
  if (trace !== undefined) return `Replaying ${trace}, ${speedup} times as fast.`
  return `Load: ${seconds} s at ${base} x capacity, with a spike of ${peak} x capacity for ${spikeSeconds} s.`
}

function loadArgs(options: RunOptions, url: string, capacity: number): string[] {
  const rate = (share: number) => String(Math.round(share * capacity))
  const schedule =
    options.trace === undefined
      ? [
          '--profile',
          'spike',
          '--rate',
          rate(options.base),
          '--peak',
          rate(options.peak),
          '--spike-seconds',
          String(options.spikeSeconds),
        ]
      : ['--trace', options.trace, '--mean-rate', rate(options.mean), '--speedup', String(options.speedup)]
  const length = options.trace === undefined ? ['--seconds', String(options.seconds)] : []
  const output = ['--quiet', '--report', `${options.dataDir}/load.json`, '--accepted', `${options.dataDir}/load.ndjson`]
  const poison = options.poison > 0 ? ['--poison', String(options.poison)] : []
  return [
    '--url',
    url,
    '--pipeline',
    options.pipeline,
    '--seed',
    String(options.seed),
    ...schedule,
    ...length,
    ...poison,
    ...output,
  ]
}

/** Shows progress until the load has ended and every window is final. */
async function watch(edge: EdgeClient, load: Child, say: (text: string) => void): Promise<Sample[]> {
  const series: Sample[] = []
  const startMs = Date.now()
  let loading = true
  const ended = load.ended().then((code) => {
    loading = false
    if (code !== 0) throw new Error(`the load ended with ${code}; its output above says why`)
  })
  ended.catch(() => undefined)
  let [before, beforeMs] = [await edge.status(), startMs]
  let [shown, shownMs] = [before, beforeMs]
  for (let deadlineMs = Number.POSITIVE_INFINITY; ; ) {
    await sleep(SAMPLE_MS)
    const [after, afterMs] = [await edge.status(), Date.now()]
    series.push(sampleOf(before, beforeMs, after, afterMs))
    ;[before, beforeMs] = [after, afterMs]
    if (series.length % SAMPLES_PER_LINE === 0) {
      say(progressLine(startMs, sampleOf(shown, shownMs, after, afterMs)))
      ;[shown, shownMs] = [after, afterMs]
    }
    if (loading) continue
    await ended
    if (deadlineMs === Number.POSITIVE_INFINITY) deadlineMs = afterMs + FINAL_TIMEOUT_MS
    const { open, closing, finalizing } = after.windows
    if (open + closing + finalizing + after.events.pending === 0) return series
    if (afterMs > deadlineMs) throw new Error(`windows are still not final: ${JSON.stringify(after.windows)}`)
  }
}
