import { Command, Option } from 'commander'
import { integer, number, oneOf } from '../command-line/flags'
import { readFlags } from '../command-line/read-flags'
import { SCENARIO_NAMES, type ScenarioName, scenarioList } from './faults/scenarios'
import type { RunOptions } from './run'

/** What the command line asks for. */
export type ChaosCommand =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'wrong'; readonly message: string }
  | {
      readonly kind: 'run'
      readonly scenarios: readonly ScenarioName[]
      readonly options: RunOptions
      readonly reportFile: string | null
    }

interface Flags {
  scenario: ScenarioName | 'all'
  list?: true
  seed: number
  seconds?: number
  times?: number
  rate: number
  peak: number
  report?: string
  keep?: string
}

/** Reads the arguments after the script's name. */
export function parseChaosArguments(args: readonly string[]): ChaosCommand {
  const read = readFlags<Flags>(chaosCommand(), args)
  switch (read.kind) {
    case 'help':
      return { kind: 'text', text: read.text }
    case 'wrong':
      return { kind: 'wrong', message: `${read.message} See --help.` }
    case 'flags':
      return commandFrom(read.flags)
  }
}

function commandFrom({ scenario, list, report, ...flags }: Flags): ChaosCommand {
  if (list) return { kind: 'text', text: `${scenarioList()}\n` }
  const { seed, rate, peak, seconds = null, times = null, keep = null } = flags
  return {
    kind: 'run',
    scenarios: scenario === 'all' ? SCENARIO_NAMES : [scenario],
    options: { seed, rate, peak, seconds, times, keep },
    reportFile: report ?? null,
  }
}

function chaosCommand(): Command {
  return new Command('chaos')
    .description('Does real faults to a running system under load and checks that the results are exact all the same.')
    .addOption(
      new Option('--scenario <name>', `${SCENARIO_NAMES.join(' | ')} | all`)
        .argParser(oneOf([...SCENARIO_NAMES, 'all']))
        .default('all'),
    )
    .option('--list', 'name the scenarios and what each does')
    .addOption(
      new Option('--seed <n>', 'decides the events and the faults').argParser(integer(0, 2 ** 32 - 1)).default(1),
    )
    .addOption(new Option('--seconds <n>', "length of the load (default: the scenario's)").argParser(integer(5, 3_600)))
    .addOption(
      new Option('--times <n>', "how often to do the fault (default: the scenario's)").argParser(integer(1, 1_000)),
    )
    .addOption(
      new Option('--rate <n>', 'events per second outside of the spike').argParser(number(1, 1e6)).default(800),
    )
    .addOption(new Option('--peak <n>', 'events per second in the spike').argParser(number(1, 1e6)).default(3_200))
    .option('--report <file>', 'write the report (JSON) here')
    .option('--keep <folder>', 'keep logs and data here; a folder for each scenario, emptied first')
    .allowExcessArguments(false)
    .addHelpText('after', AFTER)
}

const AFTER = `
Each run ends with the check of the main job: every window is computed again from what was accepted before, during and
after the faults, and must be the same to the last bit.
Exit code: 0 exact (or skipped, where a scenario cannot be had here), 1 not exact, 2 bad options, 130 interrupted.`
