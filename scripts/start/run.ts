import type { Status } from '../../edge-node/http/status'
import { ensurePackaged } from '../../localstack/package'
import { parseLoadArguments } from '../load/cli'
import { bidLines, llmUsageLines } from '../load/events/bids'
import { openSchedule } from '../load/schedule/open-schedule'
import type { Stoppable } from '../processes/child'
import { startCloud } from '../processes/cloud-process'
import { startEdgeNode } from '../processes/edge-process'
import { ensureFree } from '../processes/free-port'
import { measureCapacity } from './calibrate'
import { type LoadOrder, type LoadShape, loadArgs } from './load-process'
import { measureLoad } from './measured-load'
import type { Report } from './report'
import { edgeFolder, emptyRunFolder } from './run-folder'
import { PROGRESS_HEADER, progressLine, sampleOf, secondsOver } from './samples'

/**
 * What to run. Rates are shares of the capacity that is measured first, so that a run means the same on any machine.
 */
export interface RunOptions {
  readonly pipeline: 'bids' | 'llm-usage'
  readonly transport: 'kinesis' | 'invoke'
  /** Port of the edge node; 0 takes a free one. */
  readonly port: number
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
const ANY_CAPACITY = 1_000

/**
 * Looks whether a run can begin, before anything is started or emptied. Rejects with PortTaken, and with LoadError for a
 * load that cannot be sent.
 */
export async function checkRun(options: RunOptions): Promise<void> {
  if (options.port !== 0) await ensureFree(options.port)
  // Of the load nothing but its rates is open, so it is read as it will be.
  const load = parseLoadArguments(loadArgs({ ...orderOf(options, ANY_CAPACITY), url: 'http://127.0.0.1' }))
  if (load.kind === 'run') await openSchedule(load.options.profile, load.options.seconds, load.options.seed)
}

/**
 * Starts the embedded cloud and an edge node, measures its capacity, sends the load, waits until every window is final
 * and checks them all. The processes are added to `children` as they start and go on running: the caller stops them.
 * Rejects when one of them fails.
 */
export async function run(
  options: RunOptions,
  children: Stoppable[],
  say: (text: string) => void,
): Promise<RunOutcome> {
  const { dataDir, pipeline, transport, port } = options
  const lock = await emptyRunFolder(dataDir)
  children.push({ stop: () => lock.release() })
  await ensurePackaged()
  say('Starting the embedded cloud: Kinesis, Lambda and DynamoDB on this machine.')
  const endpoint = await startCloud({ logFile: `${dataDir}/functions.log` }, children)
  const started = await startEdgeNode(
    { endpoint, dataDir: edgeFolder(dataDir), options: { pipeline, transport, port } },
    children,
  )
  const edge = started.client
  say(`The edge node serves ${pipeline} at ${edge.url}. Measuring its base capacity ...`)
  const lines = pipeline === 'bids' ? bidLines(0, { keys: 1000, zipf: 1, poison: 0 }) : llmUsageLines(0)
  const calibration = `${dataDir}/capacity.ndjson`
  const capacity = await measureCapacity(edge, lines, calibration)
  const rounded = Math.round(capacity).toLocaleString('en-US')
  say(`Base capacity: ${rounded} events/s. ${loadText(options)}\n\n${PROGRESS_HEADER}`)
  const order = orderOf(options, capacity)
  const onLook = progress(await edge.status(), Date.now(), say)
  const onFinal = () => say('\nEvery window is final. Computing them again, independently, from what was accepted ...')
  const setting = { edge, order, capacity, acceptedBefore: [calibration], sampleMs: SAMPLE_MS, onLook, onFinal }
  const { report, check } = await measureLoad(setting, children)
  return { report, differences: check.exact ? null : JSON.stringify(check.examples, null, 2), url: edge.url }
}

function loadText({ trace, seconds, peak, base, spikeSeconds, speedup }: RunOptions): string {
  if (trace !== undefined) return `Replaying ${trace}, ${speedup} times as fast.`
  return `Load: ${seconds} s at ${base} x capacity, with a spike of ${peak} x capacity for ${spikeSeconds} s.`
}

function orderOf(options: RunOptions, capacity: number): Omit<LoadOrder, 'url'> {
  const { pipeline, seed, poison, dataDir } = options
  return { pipeline, shape: shapeOf(options, capacity), seed, poison, folder: dataDir }
}

function shapeOf(options: RunOptions, capacity: number): LoadShape {
  const rate = (share: number) => Math.round(share * capacity)
  const { trace, base, peak, mean, seconds, spikeSeconds, speedup } = options
  if (trace !== undefined) return { kind: 'trace', file: trace, meanRate: rate(mean), speedup }
  return { kind: 'spike', rate: rate(base), peak: rate(peak), seconds, spikeSeconds }
}

/** Says once a second what went on since the last time. */
function progress(status: Status, startMs: number, say: (text: string) => void) {
  let [shown, shownMs] = [status, startMs]
  return (now: Status, nowMs: number) => {
    const seconds = secondsOver(shownMs - startMs, nowMs - startMs)
    if (seconds.length === 0) return
    const sample = sampleOf(shown, shownMs, now, nowMs)
    for (const second of seconds) say(progressLine(second, sample))
    ;[shown, shownMs] = [now, nowMs]
  }
}
