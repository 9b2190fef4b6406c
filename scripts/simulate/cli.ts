import { type Command, Option } from 'commander'
import { POLICY_NAMES, type PolicyName } from '../../core/control/policies'
import { type Asked, ask, WrongUsage } from '../command-line/ask'
import { type FlagParser, integer, number, oneOf } from '../command-line/flags'
import { newCommand } from '../command-line/new-command'
import { JUDGED } from './promises'
import type { Question } from './question'
import { ASSUMPTIONS, NODE } from './settings'

/** What the command line asks for. */
export interface SimulateRun {
  readonly kind: 'run'
  /** One for each trace and base. */
  readonly questions: readonly Question[]
  readonly mustHold: boolean
  readonly isJson: boolean
  readonly reportFile: string | null
}

/** `plan` is `simulate --plan` under a name of its own. */
export type CalledAs = 'simulate' | 'plan'

/** Reads the arguments after the command's name. */
export function parseSimulateArguments(args: readonly string[], name: CalledAs = 'simulate'): Asked<SimulateRun> {
  const given = name === 'plan' ? ['--plan', ...args] : args
  return ask(simulateCommand(name), given, runFrom)
}

interface Flags extends Omit<Question, 'policies' | 'live' | 'trace' | 'base'> {
  readonly trace: readonly string[]
  readonly policy: PolicyName | 'all'
  readonly live?: string
  readonly report?: string
  readonly base?: readonly number[]
  readonly mustHold: boolean
  readonly json: boolean
}

function runFrom({ trace, base, policy, report, live, mustHold, json, ...flags }: Flags): SimulateRun {
  if (base === undefined && live === undefined) {
    throw new WrongUsage('--base is needed: what the base folds, in events per second.')
  }
  if (mustHold && flags.plan) throw new WrongUsage('Give --must-hold or --plan, not both.')
  const policies = mustHold ? JUDGED : policy === 'all' ? POLICY_NAMES : [policy]
  const rest = { ...flags, policies, live: live ?? null }
  const bases = base?.map((base) => ({ base })) ?? [{}]
  const questions = trace.flatMap((trace) => bases.map((base) => ({ ...rest, ...base, trace })))
  return { kind: 'run', questions, mustHold, isJson: json, reportFile: report ?? null }
}

const ABOUT: Readonly<Record<CalledAs, string>> = {
  simulate: 'Replays a rate trace against a model of edge and cloud, and says what each policy makes of it.',
  plan: 'Finds the cheapest base that meets the latency target under a rate trace, for each way to the functions and for machines alone, and says which to take: simulate --plan.',
}

/** An hour of 500 events a second, with three spikes of 6,000 for ten seconds. */
const TRACE_FIRST = `awk 'BEGIN { print "start_s,events"; for (s = 0; s < 3600; s += 10) print s "," (s % 1200 ? 5000 : 60000) }' > trace.csv`

const EXAMPLES: Readonly<Record<CalledAs, readonly string[]>> = {
  simulate: [
    TRACE_FIRST,
    'spillway simulate --trace trace.csv --base 2000',
    'spillway simulate --trace trace.csv --base 2000 --policy spillway --transport invoke --json',
  ],
  plan: [
    TRACE_FIRST,
    'spillway plan --trace trace.csv --base 2000',
    'spillway plan --trace trace.csv --base 2000 --latency-target-ms 500 --json',
  ],
}

function simulateCommand(name: CalledAs): Command {
  return newCommand({
    name,
    about: ABOUT[name],
    examples: EXAMPLES[name],
    notes: NOTES,
    exits: { done: 'done', not: 'a promise is not held (--must-hold)', wrong: 'or a file that is none' },
  })
    .addOption(
      new Option('--trace <file>', 'rate trace: lines of start_s,events (required; may be given again)')
        .argParser(gathered((file) => file))
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--policy <name>', `${POLICY_NAMES.join(' | ')} | all`)
        .argParser(oneOf([...POLICY_NAMES, 'all']))
        .default('all'),
    )
    .addOption(
      new Option('--base <events/s>', 'base capacity (required, but with --live; may be given again)').argParser(
        gathered(number(1e-6, 1e12)),
      ),
    )
    .addOption(rate('--mean-rate <events/s>', "what the trace's mean is scaled to (default: its own)"))
    .addOption(new Option('--speedup <n>', 'compresses the time of the trace').argParser(number(1e-3, 1e6)).default(1))
    .addOption(new Option('--from-s <s>', 'begin at this second of the trace').argParser(number(0, 1e12)))
    .addOption(new Option('--to-s <s>', 'end at this second of the trace').argParser(number(0, 1e12)))
    .addOption(
      new Option('--latency-target-ms <ms>', 'delay that events should stay under')
        .argParser(number(1, 1e9))
        .default(NODE.latencyTargetMs),
    )
    .addOption(
      new Option('--transport <way>', 'how envelopes reach the functions')
        .choices(['kinesis', 'invoke'])
        .default('kinesis'),
    )
    .addOption(
      new Option('--consumer <kind>', 'how records of the stream reach the functions, as deployed')
        .choices(['fan-out', 'standard'])
        .default('fan-out'),
    )
    .addOption(
      new Option('--stream <mode>', 'how the stream is billed and limited')
        .choices(['provisioned', 'on-demand'])
        .default('provisioned'),
    )
    .addOption(
      new Option('--shards <n>', 'shards of the stream (default: for 1.5 x the excess of the peak)').argParser(
        integer(1, 10_000),
      ),
    )
    .addOption(
      new Option(
        '--parallelization <n>',
        'functions a shard; calls side by side with --transport invoke (default: as many as that takes)',
      ).argParser(integer(1, 1_000)),
    )
    .addOption(
      rate('--machine-rate <events/s>', 'what one base machine folds (default: the base, which is then one machine)'),
    )
    .addOption(
      new Option('--machine-usd <usd>', 'price of a base machine for an hour')
        .argParser(number(0, 1e6))
        .default(ASSUMPTIONS.machineUsdPerHour),
    )
    .addOption(rate('--lane-rate <events/s>', 'what one function instance folds (default: as much as a base machine)'))
    .addOption(
      new Option('--event-bytes <n>', 'size of an event').argParser(number(1, 1e6)).default(ASSUMPTIONS.eventBytes),
    )
    .addOption(
      new Option('--sealed-event-bytes <n>', 'its size on the stream')
        .argParser(number(0.1, 1e6))
        .default(ASSUMPTIONS.sealedEventBytes),
    )
    .addOption(
      new Option('--max-usd-per-hour <usd>', 'spending limit of bursting (default: none)').argParser(number(0, 1e9)),
    )
    .addOption(
      new Option('--seed <n>', 'decides shards and lanes of envelopes').argParser(integer(0, 2 ** 32 - 1)).default(1),
    )
    .option('--fine', 'go through everything, also where nothing changes; for long traces this takes hours', false)
    .option(
      '--plan',
      'find the cheapest base that meets the target, for each way to the functions and for machines alone, and say which to take; --base is where machines are priced',
      false,
    )
    .addOption(
      new Option('--max-over-target <share>', 'with --plan: share of events that may be over the target')
        .argParser(number(0, 1))
        .default(0.01),
    )
    .option(
      '--live <file>',
      'report of a real run of this trace (spillway start --once --trace T --report FILE): compare with it, under its load, base and lanes',
    )
    .option(
      '--must-hold',
      'check what Spillway promises against its rivals and the oracle, for each trace and base',
      false,
    )
    .option('--json', 'print the report as JSON; for several traces or bases, a list of them', false)
    .option('--report <file>', 'write the same here')
}

/** An option that may be given again: all of its values. */
const gathered =
  <T>(parse: FlagParser<T>) =>
  (text: string, before: readonly T[] = []): readonly T[] => [...before, parse(text)]

const rate = (flags: string, description: string) => new Option(flags, description).argParser(number(1e-6, 1e12))

const NOTES =
  'A trace is a file of lines start_s,events. Events arrive evenly within a bin of it, as `spillway load` sends them.\nThe report repeats all assumptions.'
