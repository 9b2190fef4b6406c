import { type Command, Option } from 'commander'
import { type Asked, ask } from '../command-line/ask'
import { integer, number, oneOf } from '../command-line/flags'
import { newCommand } from '../command-line/new-command'
import { SCENARIO_NAMES, type ScenarioName, scenarioList } from './faults/scenarios'
import type { RunOptions } from './run'

/** What the command line asks for. */
export interface ChaosRun {
  readonly kind: 'run'
  readonly scenarios: readonly ScenarioName[]
  readonly options: RunOptions
  readonly isJson: boolean
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
  json: boolean
  report?: string
  keep?: string
}

/** Reads the arguments after the command's name. */
export function parseChaosArguments(args: readonly string[]): Asked<ChaosRun> {
  return ask<Flags, ChaosRun>(chaosCommand(), args, ({ scenario, list, json, report, ...flags }) => {
    if (list) return { kind: 'text', text: scenarioList() }
    const { seed, rate, peak, seconds = null, times = null, keep = null } = flags
    return {
      kind: 'run',
      scenarios: scenario === 'all' ? SCENARIO_NAMES : [scenario],
      options: { seed, rate, peak, seconds, times, keep },
      isJson: json,
      reportFile: report ?? null,
    }
  })
}

function chaosCommand(): Command {
  return newCommand({
    name: 'chaos',
    about: 'Does real faults to a running system under load and checks that the results are exact all the same.',
    notes: NOTES,
    examples: [
      'spillway chaos --list',
      'spillway chaos --scenario kill-edge --times 2 --seconds 12',
      'spillway chaos --report chaos.json',
    ],
    exits: {
      done: 'exact, or skipped where a scenario cannot be had here',
      not: 'not exact, or another promise was not kept',
      interrupted: true,
    },
  })
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
    .option('--json', 'print the report as JSON, and what happens on standard error', false)
    .option('--report <file>', 'write the report (JSON) here')
    .option('--keep <folder>', 'keep logs and data here; a folder for each scenario, emptied first')
}

const NOTES = `Each run ends with the check of the main job: every window is computed again from what was accepted before, during and
after the faults, and must be the same to the last bit.`
