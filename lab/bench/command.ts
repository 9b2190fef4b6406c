import { Command } from 'commander'
import { WrongUsage, withFlags } from '../../scripts/command-line/ask'
import { pc } from '../../scripts/command-line/colours'
import { DONE, INTERRUPTED, NOT_DONE } from '../../scripts/command-line/exit-codes'
import { newCommand } from '../../scripts/command-line/new-command'
import { type Output, TERMINAL } from '../../scripts/command-line/output'
import type { Bench } from './bench'
import { breakEven } from './break-even/break-even'
import { capacity } from './capacity/capacity'
import { flink } from './flink/flink'
import { fold } from './fold/fold'
import { memory } from './memory/memory'
import { merge } from './merge/merge'
import { everythingOn } from './overhead/everything-on'
import { overhead } from './overhead/overhead'
import { policies } from './policies/policies'
import { recovery } from './recovery/recovery'
import { RESULTS_FOLDER, readResults, writeResults } from './results'
import { soak } from './soak/soak'
import { spike } from './spike/spike'
import { thisMachine } from './statistics'
import { trace } from './trace/trace'

interface CommonOptions {
  readonly report?: string
  readonly out: string
  readonly redraw: boolean
}

/** Measures, or reads what was measured before, and writes it all down. Returns the exit code. */
async function perform<Options, Figures>(
  bench: Bench<Options, Figures>,
  options: Options & CommonOptions,
  { out: show, err: say }: Output,
): Promise<number> {
  const { report, out, redraw } = options
  const { name } = bench
  const measured = redraw
    ? await readResults<Figures>(name, out)
    : { figures: await bench.measure(options, say), name, machine: thisMachine(), measuredAt: new Date().toISOString() }
  const rendering = bench.render(measured.figures)
  show((await writeResults(measured, rendering, out, report)).trimEnd())
  const broken = rendering.mustHold.filter(({ holds }) => !holds)
  for (const { what } of broken) say(pc.red(`does not hold: ${what}`))
  return broken.length === 0 ? DONE : NOT_DONE
}

/** What a benchmark that was asked for is to do. */
type Measure = (output: Output) => Promise<number>

function commandFor<Options, Figures>(bench: Bench<Options, Figures>, choose: (measure: Measure) => void): Command {
  const command = new Command(bench.name)
    .description(bench.description)
    .option('--report <file>', 'write the figures (JSON) here as well')
    .option('--out <folder>', 'folder for the figures, the Markdown and the plots', RESULTS_FOLDER)
    .option('--redraw', 'measure nothing; make Markdown and plots anew from the figures in the folder', false)
  return bench.options(command.allowExcessArguments(false)).action((options: Options & CommonOptions) => {
    choose((output) => perform(bench, options, output))
  })
}

const ABOUT =
  'Measures with real processes, as an open loop. Absolute times mean little on a shared machine: the report names it, and ratios are taken within one run.'

/** The command with all benchmarks; `choose` is told of the one that is asked for. */
function command(choose: (measure: Measure) => void): Command {
  return newCommand({
    name: 'bench',
    about: ABOUT,
    examples: [
      'spillway bench spike --help',
      'spillway bench recovery --events 100000',
      'spillway bench spike --redraw',
    ],
    exits: {
      done: 'everything holds that must hold',
      not: 'something does not, or the run failed',
      interrupted: true,
    },
  })
    .addCommand(commandFor(spike, choose))
    .addCommand(commandFor(policies, choose))
    .addCommand(commandFor(breakEven, choose))
    .addCommand(commandFor(overhead, choose))
    .addCommand(commandFor(everythingOn, choose))
    .addCommand(commandFor(trace, choose))
    .addCommand(commandFor(recovery, choose))
    .addCommand(commandFor(soak, choose))
    .addCommand(commandFor(merge, choose))
    .addCommand(commandFor(fold, choose))
    .addCommand(commandFor(memory, choose))
    .addCommand(commandFor(flink, choose))
    .addCommand(commandFor(capacity, choose))
}

/** Resolves to the exit code. */
export function main(args: readonly string[], output: Output = TERMINAL): Promise<number> {
  let measure: Measure | undefined
  const choose = (chosen: Measure) => {
    measure = chosen
  }
  return withFlags(command(choose), args, async () => run(measure!, output), output)
}

async function run(measure: Measure, output: Output): Promise<number> {
  // Ends the processes that were started, too: they go with this one.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(INTERRUPTED))
  return measure(output).catch((error: unknown) => {
    if (error instanceof WrongUsage) throw error
    output.err(pc.red(`The benchmark failed: ${error instanceof Error ? error.message : error}`))
    return NOT_DONE
  })
}
