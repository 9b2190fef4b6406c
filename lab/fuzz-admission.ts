/** `npm run fuzz:admission`: compares admission with an independent reading of the documentation. */
import { Command, InvalidArgumentError } from 'commander'
import { withFlags } from '../scripts/command-line/ask'
import { type Output, TERMINAL } from '../scripts/command-line/output'
import { everySoOften } from '../scripts/command-line/progress'
import { describeDifference, differenceOf, leastDifference, type Reading } from '../test/admission/difference'
import { hostileCase } from '../test/admission/hostile-bodies'
import { outcomeByReading } from '../test/admission/reading'

interface Options {
  readonly lines: number
  readonly seed: number
  readonly from: number
}

/**
 * `args` without node and script. Resolves to the exit code: 0 both agree, 1 they do not, 2 wrong usage. A test gives
 * another reading.
 */
export async function main(args: readonly string[], output = TERMINAL, reading: Reading = outcomeByReading) {
  return withFlags<Options>(command(), args, (options) => run(options, output, reading), output)
}

function command(): Command {
  return new Command('npm run fuzz:admission --')
    .description(
      'Compare what admission makes of hostile lines with an independent reading of the documentation: which are taken, under which key, in which windows, and under which code the others are refused.',
    )
    .option('--lines <n>', 'how many lines', wholeFrom(1), 100_000)
    .option('--seed <n>', 'what the lines are made from', wholeFrom(0), 1)
    .option('--from <n>', 'the first request of the seed', wholeFrom(0), 0)
    .addHelpText('after', '\nExit code: 0 both agree, 1 they do not (the least request is shown), 2 wrong usage.')
    .allowExcessArguments(false)
}

async function run({ lines, seed, from }: Options, { out, err }: Output, reading: Reading): Promise<number> {
  const startMs = Date.now()
  const show = everySoOften(err)
  let index = from
  for (let done = 0; done < lines; index++) {
    const each = hostileCase(seed, index)
    const difference = await differenceOf(each, reading)
    if (difference !== null) {
      out(`request ${index} of seed ${seed}: the product and the documentation differ`)
      err('... looking for a smaller request over which they do')
      for (const line of describeDifference(await leastDifference(difference, reading))) out(line)
      out(`again: npm run fuzz:admission -- --seed ${seed} --from ${index} --lines 1`)
      return 1
    }
    done += each.lines
    const soFar = done
    show(() => {
      const perSecond = (soFar / (Date.now() - startMs)) * 1_000
      return `... ${grouped(soFar)} of ${grouped(lines)} lines, ${grouped(Math.round(perSecond))}/s`
    })
  }
  out(`${grouped(lines)} lines in ${grouped(index - from)} requests of seed ${seed}: no difference`)
  return 0
}

const grouped = (count: number) => count.toLocaleString('en-US')

function wholeFrom(least: number) {
  return (text: string): number => {
    const value = Number(text)
    if (text.trim() === '' || !Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(`give a whole number of at least ${least}`)
    }
    return value
  }
}

if (require.main === module) {
  main(process.argv.slice(2)).then((code) => {
    process.exitCode = code
  })
}
