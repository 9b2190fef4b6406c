import { Command, CommanderError, type OptionValues } from 'commander'
import pc from 'picocolors'
import { endOnWrongUsage } from '../../localstack/wrong-usage'
import type { Bench } from './bench'
import { breakEven } from './break-even/break-even'
import { flink } from './flink/flink'
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

const say = (text: string) => void process.stderr.write(`${text}\n`)

/** Measures, or reads what was measured before, and writes it all down. Returns the exit code. */
async function perform<Options, Figures>(
  bench: Bench<Options, Figures>,
  options: Options & CommonOptions,
): Promise<number> {
  const { report, out, redraw } = options
  const { name } = bench
  const measured = redraw
    ? await readResults<Figures>(name, out)
    : { figures: await bench.measure(options, say), name, machine: thisMachine(), measuredAt: new Date().toISOString() }
  const rendering = bench.render(measured.figures)
  process.stdout.write(await writeResults(measured, rendering, out, report))
  const broken = rendering.mustHold.filter(({ holds }) => !holds)
  for (const { what } of broken) say(pc.red(`does not hold: ${what}`))
  return broken.length === 0 ? 0 : 1
}

function commandFor<Options, Figures>(bench: Bench<Options, Figures>): Command {
  const command = new Command(bench.name)
    .description(bench.description)
    .option('--report <file>', 'write the figures (JSON) here as well')
    .option('--out <folder>', 'folder for the figures, the Markdown and the plots', RESULTS_FOLDER)
    .option('--redraw', 'measure nothing; make Markdown and plots anew from the figures in the folder', false)
  return bench.options(command).action(async (options: OptionValues) => {
    process.exitCode = await perform(bench, options as Options & CommonOptions)
  })
}

const program = new Command('bench')
  .description(
    'Measures with real processes, as an open loop. Absolute times mean little on a shared machine: the report names it, and ratios are taken within one run.',
  )
  .addCommand(commandFor(spike))
  .addCommand(commandFor(policies))
  .addCommand(commandFor(breakEven))
  .addCommand(commandFor(overhead))
  .addCommand(commandFor(everythingOn))
  .addCommand(commandFor(trace))
  .addCommand(commandFor(recovery))
  .addCommand(commandFor(soak))
  .addCommand(commandFor(merge))
  .addCommand(commandFor(flink))
  .addHelpText(
    'after',
    '\nExit code: 0 when everything holds that must hold, 1 when something does not or the run failed, 2 wrong usage.',
  )

// Ends the processes that were started, too: they go with this one.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

endOnWrongUsage(program)
  .parseAsync()
  .catch((error: unknown) => {
    if (error instanceof CommanderError) {
      say(`${error.message} See --help.`)
      process.exitCode = 2
      return
    }
    say(pc.red(`The benchmark failed: ${error instanceof Error ? error.message : error}`))
    process.exitCode = 1
  })
