import { type Command, Option } from 'commander'
import { type Asked, ask, WrongUsage } from '../command-line/ask'
import { existingFile, integer, number } from '../command-line/flags'
import { newCommand } from '../command-line/new-command'
import type { RunOptions } from './run'

/** What the command line asks for. */
export interface StartRun {
  readonly kind: 'run'
  readonly options: RunOptions
  /** End after the report. */
  readonly isOnce: boolean
  /** Print the report as JSON, and the progress on standard error. */
  readonly isJson: boolean
  readonly reportFile: string | null
}

interface Flags extends Omit<RunOptions, 'spikeSeconds'> {
  readonly spikeSeconds?: number
  readonly once: boolean
  readonly json: boolean
  readonly report?: string
}

/** Reads the arguments after the command's name. */
export function parseStartArguments(args: readonly string[]): Asked<StartRun> {
  return ask<Flags, StartRun>(startCommand(), args, ({ once, json, report, ...flags }) => {
    const options = { ...flags, spikeSeconds: flags.spikeSeconds ?? Math.min(SPIKE_S, flags.seconds / 3) }
    if (options.trace === undefined) checkSpike(options)
    return { kind: 'run', options, isOnce: once, isJson: json, reportFile: report ?? null }
  })
}

/** A spike that goes on beyond the run would be cut without a word. */
function checkSpike({ seconds, spikeSeconds }: Pick<RunOptions, 'seconds' | 'spikeSeconds'>): void {
  const room = (seconds * 2) / 3
  if (spikeSeconds <= room) return
  throw new WrongUsage(
    `--spike-seconds ${spikeSeconds} does not fit: the spike begins at a third of the ${seconds} s of --seconds, which leaves ${Math.floor(room)} s`,
  )
}

const SPIKE_S = 20
const MAX_SECONDS = 86_400
const MAX_TIMES_CAPACITY = 1_000

function startCommand(): Command {
  const share = number(0.001, MAX_TIMES_CAPACITY)
  return newCommand({
    name: 'start',
    about:
      'Starts the embedded cloud and an edge node, sends a load with a spike, and checks that every window is exact.',
    examples: [
      'spillway start',
      'spillway start --once --seconds 18 --spike-seconds 6 --port 0',
      'spillway start --once --transport invoke --peak 10 --report report.json',
    ],
    exits: {
      done: 'every window is exact',
      not: 'one is not, or the run failed',
      wrong: 'or a file that is none',
      interrupted: true,
    },
  })
    .option('--once', 'exit after the report: 0 only when it balances', false)
    .option('--json', 'print the report as JSON, and the progress on standard error', false)
    .option('--report <file>', 'write the report (JSON) here')
    .addOption(new Option('--pipeline <name>', 'pipeline to run').choices(['bids', 'llm-usage']).default('bids'))
    .addOption(
      new Option('--transport <way>', 'how envelopes reach the functions')
        .choices(['kinesis', 'invoke'])
        .default('kinesis'),
    )
    .option('--port <port>', 'port of the edge node; 0 takes a free one', integer(0, 65_535), 7070)
    .option('--seconds <n>', 'length of the load', number(1, MAX_SECONDS), 60)
    .option('--base <share>', 'base rate, as a share of the measured capacity', share, 0.5)
    .option('--peak <share>', 'rate of the spike, as a share of the measured capacity', share, 4)
    .option(
      '--spike-seconds <n>',
      `length of the spike, which begins at a third of the run (default: ${SPIKE_S}, or a third of a shorter run)`,
      number(0.001, MAX_SECONDS),
    )
    .option('--trace <file>', 'replay a rate trace (start_s,events) instead of the spike', existingFile)
    .option('--speedup <n>', 'compresses the time of the trace', number(0.001, 1_000_000), 1)
    .option('--mean <share>', 'mean rate of the trace, as a share of the measured capacity', share, 0.5)
    .option('--poison <share>', 'share of bids, 0 to 1, that the pipeline cannot fold', number(0, 1), 0)
    .option('--seed <n>', 'seed of the generated events', integer(0, 2 ** 32 - 1), 1)
    .option('--data-dir <folder>', 'folder for the log and the results; emptied first', '.spillway/demo')
}
