import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Command, InvalidArgumentError, Option } from 'commander'
import pc from 'picocolors'
import { configSchema } from '../edge-node/config'
import { ensurePackaged } from '../localstack/package'
import { bidLines } from './load/bids'
import { llmUsageLines } from './load/llm-usage'
import type { LoadReport } from './load/report'
import { measureCapacity } from './start/calibrate'
import { type Child, startChild } from './start/child'
import { EdgeClient } from './start/edge-client'
import { printReport } from './start/print-report'
import { buildReport, type Report } from './start/report'
import { PROGRESS_HEADER, progressLine, type Sample, sampleOf } from './start/samples'
import { verify } from './verify/report'

/** Options of `npm start`. Rates are relative to the capacity that is measured first, so that the run means the same on any machine. */
interface Options {
  readonly once: boolean
  readonly report?: string
  readonly pipeline: 'bids' | 'llm-usage'
  readonly port: string
  readonly seconds: number
  readonly base: number
  readonly peak: number
  readonly spikeSeconds: number
  readonly trace?: string
  readonly speedup: number
  readonly mean: number
  readonly seed: number
}

const DATA = resolve('.spillway/demo')
const CLOUD_ENV = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true', // advice for the project, not for someone who watches a run
}
const SAMPLE_MS = 250
const SAMPLES_PER_LINE = 4
const FINAL_TIMEOUT_MS = 240_000 // a window of a minute, its lateness, and a cloud that has to catch up

function positive(text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new InvalidArgumentError('It must be a number above 0.')
  return value
}

function options(): Options {
  return new Command('start')
    .description(
      'Starts the embedded cloud and an edge node, sends a load with a spike, and checks that every window is exact.',
    )
    .option('--once', 'exit after the report: 0 only when it balances', false)
    .option('--report <file>', 'write the report (JSON) here')
    .addOption(new Option('--pipeline <name>', 'pipeline to run').choices(['bids', 'llm-usage']).default('bids'))
    .option('--port <port>', 'port of the edge node; 0 takes a free one', '7070')
    .option('--seconds <n>', 'length of the load', positive, 60)
    .option('--base <share>', 'base rate, as a share of the measured capacity', positive, 0.5)
    .option('--peak <share>', 'rate of the spike, as a share of the measured capacity', positive, 4)
    .option('--spike-seconds <n>', 'length of the spike, which begins at a third of the run', positive, 20)
    .option('--trace <file>', 'replay a rate trace (start_s,events) instead of the spike')
    .option('--speedup <n>', 'compresses the time of the trace', positive, 1)
    .option('--mean <share>', 'mean rate of the trace, as a share of the measured capacity', positive, 0.5)
    .option('--seed <n>', 'seed of the generated events', positive, 1)
    .parse()
    .opts<Options>()
}

const say = (text: string) => process.stdout.write(`${text}\n`)

async function main(): Promise<number> {
  const chosen = options()
  const children: Child[] = []
  const stopAll = async () => {
    for (const child of children.splice(0).reverse()) await child.stop()
  }
  const interrupted = new Promise<void>((resolve) => {
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
  })
  try {
    const outcome = await Promise.race([run(chosen, children), interrupted.then(() => null)])
    if (outcome === null) return 130
    if (!chosen.once) {
      say(`The edge node keeps serving at ${outcome.url} (try ${outcome.url}/v1/windows?limit=3). Ctrl-C stops it.`)
      await interrupted
    }
    return outcome.report.balanced ? 0 : 1
  } finally {
    await stopAll()
  }
}

async function run(chosen: Options, children: Child[]): Promise<{ report: Report; url: string }> {
  const start = (file: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) => {
    const child = startChild(file, args, env)
    children.push(child)
    return child
  }
  await rm(DATA, { recursive: true, force: true })
  await mkdir(DATA, { recursive: true })
  await ensurePackaged()
  say('Starting the embedded cloud: Kinesis, Lambda and DynamoDB on this machine.')
  const cloud = start('localstack/embedded/main.ts', ['--port', '0', '--log-file', `${DATA}/functions.log`], CLOUD_ENV)
  const { endpoint } = await cloud.ready<{ endpoint: string }>()
  const edgeArgs = [
    '--pipeline',
    chosen.pipeline,
    '--port',
    chosen.port,
    '--data-dir',
    `${DATA}/edge`,
    '--log-level',
    'warn',
  ]
  const edgeProcess = start('edge-node/main.ts', edgeArgs, { ...CLOUD_ENV, AWS_ENDPOINT_URL: endpoint })
  const edge = new EdgeClient((await edgeProcess.ready<{ url: string }>()).url)
  say(`The edge node serves ${chosen.pipeline} at ${edge.url}. Measuring its base capacity ...`)
  const lines = chosen.pipeline === 'bids' ? bidLines(0, { keys: 1000, zipf: 1, poison: 0 }) : llmUsageLines(0)
  const capacity = await measureCapacity(edge, lines, `${DATA}/capacity.ndjson`)
  say(
    `Base capacity: ${Math.round(capacity).toLocaleString('en-US')} events/s. ${loadText(chosen)}\n\n${PROGRESS_HEADER}`,
  )
  const loadProcess = start('scripts/load.ts', loadArgs(chosen, edge.url, capacity))
  const series = await watch(edge, loadProcess)
  say('\nEvery window is final. Computing them again, independently, from what was accepted ...')
  const load = JSON.parse(await readFile(`${DATA}/load.json`, 'utf8')) as LoadReport
  const check = await verify({ accepted: [`${DATA}/capacity.ndjson`, `${DATA}/load.ndjson`], url: edge.url })
  const { maxQueueDelayMs } = configSchema.parse({})
  const report = buildReport({ capacity, maxQueueDelayMs, load, status: await edge.status(), check, series })
  say(printReport(report))
  if (!check.exact) say(pc.red(JSON.stringify(check.examples, null, 2)))
  if (chosen.report !== undefined) await writeFile(chosen.report, `${JSON.stringify(report, null, 2)}\n`)
  return { report, url: edge.url }
}

function loadText({ trace, seconds, peak, base, spikeSeconds, speedup }: Options): string {
  if (trace !== undefined) return `Replaying ${trace}, ${speedup} times as fast.`
  return `Load: ${seconds} s at ${base} x capacity, with a spike of ${peak} x capacity for ${spikeSeconds} s.`
}

function loadArgs(chosen: Options, url: string, capacity: number): string[] {
  const rate = (share: number) => String(Math.round(share * capacity))
  const schedule =
    chosen.trace === undefined
      ? [
          '--profile',
          'spike',
          '--rate',
          rate(chosen.base),
          '--peak',
          rate(chosen.peak),
          '--spike-seconds',
          String(chosen.spikeSeconds),
        ]
      : ['--trace', chosen.trace, '--mean-rate', rate(chosen.mean), '--speedup', String(chosen.speedup)]
  const length = chosen.trace === undefined ? ['--seconds', String(chosen.seconds)] : []
  const output = ['--quiet', '--report', `${DATA}/load.json`, '--accepted', `${DATA}/load.ndjson`]
  return ['--url', url, '--pipeline', chosen.pipeline, '--seed', String(chosen.seed), ...schedule, ...length, ...output]
}

/** Shows progress until the load has ended and every window is final. */
async function watch(edge: EdgeClient, load: Child): Promise<Sample[]> {
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

main().then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    console.error(pc.red(`The run failed: ${error instanceof Error ? error.message : error}`))
    process.exitCode = 1
  },
)
