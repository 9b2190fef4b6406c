import { type Command, InvalidArgumentError, Option } from 'commander'
import { parseDurationMs } from '../../core/pipeline/duration'
import { type Asked, ask, WrongUsage } from '../command-line/ask'
import { integer, number, url } from '../command-line/flags'
import { newCommand } from '../command-line/new-command'
import { ASSUMPTIONS, NODE } from '../simulate/settings'

/** Where the figures of a job come from. */
export type Source =
  | { readonly kind: 'flink'; readonly url: string; readonly job?: string | undefined; readonly everyMs: number }
  | {
      readonly kind: 'prometheus'
      readonly url: string
      readonly query: string
      readonly lagQuery?: string | undefined
      readonly busyQuery?: string | undefined
      readonly stepMs?: number | undefined
      readonly token?: string | undefined
    }

/** What the answer is to take for granted. Rates in events per second; absent is what was seen or follows from it. */
export interface Terms {
  readonly base?: number | undefined
  readonly laneRate?: number | undefined
  readonly latencyTargetMs: number
  readonly transport: 'kinesis' | 'invoke'
  readonly machineUsd: number
  readonly eventBytes: number
}

/** What the command line asks for. */
export interface AdviseRun {
  readonly kind: 'run'
  readonly source: Source
  readonly forMs: number
  readonly terms: Terms
  readonly isJson: boolean
  readonly plotFile: string | null
  readonly traceFile: string
}

interface Flags extends Terms {
  readonly flink?: string
  readonly job?: string
  readonly every?: number
  readonly prometheus?: string
  readonly query?: string
  readonly lagQuery?: string
  readonly busyQuery?: string
  readonly step?: number
  readonly for?: number
  readonly json: boolean
  readonly plot?: string
  readonly save: string
}

const FLINK_FOR_MS = 30 * 60_000
const MOST_FLINK_FOR_MS = 7 * 86_400_000 // every look is kept: some 100 MB
const PROMETHEUS_FOR_MS = 7 * 86_400_000
const EVERY_MS = 2_000 // three small requests to the JobManager; its own page asks for more

/** Options that mean nothing without the other one. */
const BELONGS_TO = {
  flink: ['job', 'every'],
  prometheus: ['query', 'lagQuery', 'busyQuery', 'step'],
} as const

/** Reads the arguments after the command's name; the token of Prometheus is in the environment. */
export function parseAdviseArguments(args: readonly string[], environment: NodeJS.ProcessEnv): Asked<AdviseRun> {
  return ask<Flags, AdviseRun>(adviseCommand(), args, (flags) => runFrom(flags, environment.PROMETHEUS_TOKEN))
}

function runFrom(flags: Flags, token: string | undefined): AdviseRun {
  const source = sourceFrom(flags, token)
  const forMs = flags.for ?? (source.kind === 'flink' ? FLINK_FOR_MS : PROMETHEUS_FOR_MS)
  if (source.kind === 'flink' && forMs > MOST_FLINK_FOR_MS) throw new WrongUsage('--for is at most 7d with --flink.')
  const { base, laneRate, latencyTargetMs, transport, machineUsd, eventBytes, json, plot, save } = flags
  return {
    kind: 'run',
    source,
    forMs,
    terms: { base, laneRate, latencyTargetMs, transport, machineUsd, eventBytes },
    isJson: json,
    plotFile: plot ?? null,
    traceFile: save,
  }
}

/** Where to look. Throws WrongUsage. */
function sourceFrom(flags: Flags, token: string | undefined): Source {
  const { flink, job, every = EVERY_MS, prometheus, query, lagQuery, busyQuery, step } = flags
  if ((flink === undefined) === (prometheus === undefined)) {
    throw new WrongUsage('Give either --flink URL or --prometheus URL.')
  }
  const other = flink === undefined ? 'flink' : 'prometheus'
  const stray = BELONGS_TO[other].find((name) => flags[name] !== undefined)
  if (stray !== undefined) throw new WrongUsage(`--${dashed(stray)} goes with --${other}.`)
  if (flink !== undefined) return { kind: 'flink', url: flink, job, everyMs: every }
  if (query === undefined) {
    throw new WrongUsage('--query is needed with --prometheus: events per second that arrive.')
  }
  return { kind: 'prometheus', url: prometheus!, query, lagQuery, busyQuery, stepMs: step, token }
}

const dashed = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

function adviseCommand(): Command {
  const command = newCommand({
    name: 'advise',
    about:
      'Watches a job, read only, and says what bursting would have changed: what would have burst, which delays that would have saved, and what it would have cost.',
    notes: NOTES,
    examples: [
      'spillway advise --flink http://127.0.0.1:8081 --for 30m',
      "spillway advise --prometheus http://127.0.0.1:9090 --query 'sum(rate(events_total[1m]))' --for 7d --json",
    ],
    exits: { done: 'answered', not: 'no answer, with the reason and what to do', interrupted: true },
  })
  for (const option of [...flinkOptions(), ...prometheusOptions(), ...answerOptions(), ...outputOptions()]) {
    command.addOption(option)
  }
  return command
}

function grouped(heading: string, options: readonly Option[]): Option[] {
  return options.map((option) => option.helpGroup(`${heading}:`))
}

const flinkOptions = () =>
  grouped('A Flink job', [
    new Option('--flink <url>', 'its JobManager, such as http://127.0.0.1:8081').argParser(url),
    new Option('--job <id>', 'which job (default: the only one that runs)'),
    new Option('--every <time>', 'how often to look (default: 2s)').argParser(duration(500, 600_000)),
  ])

const prometheusOptions = () =>
  grouped('Anything else, by Prometheus (PROMETHEUS_TOKEN is sent as a bearer token where it is set)', [
    new Option('--prometheus <url>', 'its address, such as http://127.0.0.1:9090').argParser(url),
    new Option('--query <promql>', 'events per second that arrive, as one series: sum(rate(events_total[1m]))'),
    new Option('--lag-query <promql>', 'events that wait, as one series: sum(kafka_consumergroup_lag)'),
    new Option('--busy-query <promql>', 'share of its time that the job works, 0 to 1, as one series'),
    new Option('--step <time>', 'time between two points (default: the least that Prometheus allows)').argParser(
      duration(1_000, 86_400_000),
    ),
  ])

const answerOptions = () =>
  grouped('The answer', [
    new Option(
      '--for <time>',
      'how long to watch, or how far to look back (default: 30m with --flink, 7d with --prometheus)',
    ).argParser(duration(1_000, 366 * 86_400_000)),
    new Option('--base <events/s>', 'what the job can take (default: what was seen, where it shows)').argParser(
      number(1e-6, 1e12),
    ),
    new Option('--latency-target-ms <ms>', 'delay that events should stay under')
      .argParser(integer(1, 1e9))
      .default(NODE.latencyTargetMs),
    new Option('--transport <way>', 'how events would reach the functions')
      .choices(['kinesis', 'invoke'])
      .default('kinesis'),
    new Option(
      '--lane-rate <events/s>',
      'what one function would take (default: what one subtask of a Flink job takes; else the base)',
    ).argParser(number(1e-6, 1e12)),
    new Option('--machine-usd <usd>', 'what the machines that take the base cost an hour')
      .argParser(number(0, 1e6))
      .default(ASSUMPTIONS.machineUsdPerHour),
    new Option('--event-bytes <n>', 'size of an event').argParser(number(1, 1e6)).default(ASSUMPTIONS.eventBytes),
  ])

const outputOptions = () =>
  grouped('Output', [
    new Option('--json', 'the answer as JSON').default(false),
    new Option('--plot <file>', 'draw it, as .svg or .html').argParser(plotFile),
    new Option('--save <file>', 'keep the load as a rate trace, which simulate takes').default(
      '.spillway/advise/trace.csv',
    ),
  ])

function duration(leastMs: number, mostMs: number): (text: string) => number {
  return (text) => {
    try {
      const ms = parseDurationMs(text)
      if (ms >= leastMs && ms <= mostMs) return ms
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
    }
    throw new InvalidArgumentError(`It takes a time such as 30s, 30m, 12h or 7d, from ${leastMs} to ${mostMs} ms.`)
  }
}

function plotFile(text: string): string {
  if (/\.(svg|html)$/.test(text)) return text
  throw new InvalidArgumentError('It takes a file that ends in .svg or .html.')
}

const NOTES = `Nothing is changed and nothing is sent but questions. Ctrl-C ends the watch and answers with what was seen until
then; a second one ends everything.`
