import { Command, Option } from 'commander'
import { withFlags } from '../../scripts/command-line/ask'
import { number } from '../../scripts/command-line/flags'
import { mustHold, mustHoldTable } from '../../scripts/command-line/must-hold'
import { LoadError } from '../../scripts/load/load-error'
import { agreement } from './agreement'
import { type Measured, measure, type Order } from './measure'

const command = () =>
  new Command('npm run check-simulator --')
    .description(
      'Replays a short trace on the embedded cloud, through Kinesis and by invoke, simulates the same, and compares.',
    )
    .option('--trace <file>', 'rate trace (start_s,events)', 'lab/traces/two-spikes.csv')
    .addOption(new Option('--speedup <n>', 'compresses its time').argParser(number(1e-3, 1e6)).default(4))
    .addOption(
      new Option('--mean <share>', 'its mean rate, as a share of the measured capacity')
        .argParser(number(1e-3, 100))
        .default(0.8),
    )
    .allowExcessArguments(false)
    .addHelpText(
      'after',
      '\nExit code: 0 the simulator agrees with both runs, 1 it does not or a run failed, 2 bad options or trace.',
    )

const isExact = ({ way, balanced }: Measured) =>
  mustHold(`${way}: runs whose counts do not balance`, balanced ? 0 : 1, 'equal to', 0, '')

const say = (line: string) => void process.stderr.write(`${line}\n`)
const show = (text: string) => void process.stdout.write(`${text}\n`)

async function main(): Promise<number> {
  return withFlags<Order>(command(), process.argv.slice(2), check)
}

async function check(order: Order): Promise<number> {
  const measured = await measure(order, say, show)
  const promises = measured.flatMap((each) => [isExact(each), ...agreement(each.way, each.comparisons)])
  show(`\n${mustHoldTable(promises)}`)
  return promises.every(({ holds }) => holds) ? 0 : 1
}

// Ends the processes that were started, too: they go with this one.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

main().then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    process.exitCode = error instanceof LoadError ? 2 : 1
    say(`The check failed: ${error instanceof Error ? error.message : error}`)
  },
)
