import { Command, Option } from 'commander'
import { existingFile, integer, number } from '../command-line/flags'
import { readFlags } from '../command-line/read-flags'
import type { RunOptions } from './run'

/** What the command line asks for. */
export type StartCommand =
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'wrong'; readonly message: string }
  | {
      readonly kind: 'run'
      readonly options: RunOptions
      /** End after the report. */
      readonly isOnce: boolean
      readonly reportFile: string | null
    }

interface Flags extends RunOptions {
  readonly once: boolean
  readonly report?: string
}

/** Reads the arguments after the script's name. */
export function parseStartArguments(args: readonly string[]): StartCommand {
  const read = readFlags<Flags>(startCommand(), args)
  switch (read.kind) {
    case 'help':
      return read
    case 'wrong':
      return { kind: 'wrong', message: `${read.message} See --help.` }
    case 'flags': {
      const { once, report, ...options } = read.flags
      return { kind: 'run', options, isOnce: once, reportFile: report ?? null }
    }
  }
}

const MAX_SECONDS = 86_400
const MAX_TIMES_CAPACITY = 1_000

function startCommand(): Command {
  const share = number(0.001, MAX_TIMES_CAPACITY)
  return new Command('start')
    .description(
      'Starts the embedded cloud and an edge node, sends a load with a spike, and checks that every window is exact.',
    )
    .option('--once', 'exit after the report: 0 only when it balances', false)
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
      'length of the spike, which begins at a third of the run',
      number(0.001, MAX_SECONDS),
      20,
    )
    .option('--trace <file>', 'replay a rate trace (start_s,events) instead of the spike', existingFile)
    .option('--speedup <n>', 'compresses the time of the trace', number(0.001, 1_000_000), 1)
    .option('--mean <share>', 'mean rate of the trace, as a share of the measured capacity', share, 0.5)
    .option('--poison <share>', 'share of bids, 0 to 1, that the pipeline cannot fold', number(0, 1), 0)
    .option('--seed <n>', 'seed of the generated events', integer(0, 2 ** 32 - 1), 1)
    .option('--data-dir <folder>', 'folder for the log and the results; emptied first', '.spillway/demo')
    .allowExcessArguments(false)
    .addHelpText('after', AFTER)
}

const AFTER = `
Exit code: 0 every window is exact; 1 one is not, or the run failed; 2 bad options; 130 interrupted.`
