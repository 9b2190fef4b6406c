/** `npm run fuzz:scanner`: compares what the scanner finds in a line with what JSON.parse does. */
import { Command } from 'commander'
import fc from 'fast-check'
import { withFlags } from '../scripts/command-line/ask'
import { integer } from '../scripts/command-line/flags'
import { type Output, TERMINAL } from '../scripts/command-line/output'
import { everySoOften } from '../scripts/command-line/progress'
import { scanDifference } from '../test/support/scan-difference'
import { anyJsonLine, mutated } from '../test/support/some-json'

interface Options {
  readonly lines: number
  readonly seed: number
}

type Difference = (line: string, names: readonly string[]) => string | null

const NAMES = ['k', 't', 'a b']
const BATCH = 1_000 // lines made at once

/** `args` without node and script. Resolves to the exit code: 0 both agree, 1 they do not, 2 wrong usage. */
export async function main(args: readonly string[], output = TERMINAL, differenceOf: Difference = scanDifference) {
  return withFlags<Options>(command(), args, async (options) => run(options, output, differenceOf), output)
}

function command(): Command {
  return new Command('npm run fuzz:scanner --')
    .description('Compare what the scanner finds in lines of generated and of damaged JSON with what JSON.parse finds.')
    .option('--lines <n>', 'how many lines', integer(1, Number.MAX_SAFE_INTEGER), 100_000)
    .option('--seed <n>', 'what the lines are made from', integer(0, 2 ** 31 - 1), 1)
    .addHelpText('after', '\nExit code: 0 both agree, 1 they do not (the line is shown), 2 wrong usage.')
    .allowExcessArguments(false)
}

function run({ lines, seed }: Options, { out, err }: Output, differenceOf: Difference): number {
  const show = everySoOften(err)
  const line = anyJsonLine(NAMES)
  const any = fc.oneof(line, mutated(line))
  for (let done = 0; done < lines; done += BATCH) {
    for (const text of fc.sample(any, { numRuns: Math.min(BATCH, lines - done), seed: seed + done })) {
      const difference = differenceOf(text, NAMES)
      if (difference === null) continue
      out(difference)
      return 1
    }
    show(() => `... ${done.toLocaleString('en-US')} of ${lines.toLocaleString('en-US')} lines`)
  }
  out(`${lines.toLocaleString('en-US')} lines of seed ${seed}: no difference`)
  return 0
}

if (require.main === module) {
  main(process.argv.slice(2)).then((code) => {
    process.exitCode = code
  })
}
