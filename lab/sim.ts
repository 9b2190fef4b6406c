/** `npm run sim`: runs seeded worlds, and shows the smallest one that breaks a rule. */
import { Command, InvalidArgumentError } from 'commander'
import { withFlags } from '../scripts/command-line/ask'
import { endWithReader } from '../scripts/command-line/broken-pipe'
import { type Output, TERMINAL } from '../scripts/command-line/output'
import { everySoOften } from '../scripts/command-line/progress'
import { FAULT_KINDS, type FaultKind } from '../test/sim/faults'
import { shrink } from '../test/sim/shrink'
import { runWorld, type WorldReport } from '../test/sim/world'

const NO_FAULT = 'none'

interface Options {
  readonly seeds: number
  readonly from: number
  readonly requests?: number
  readonly only?: FaultKind[]
  readonly trace?: boolean
}

/** `args` without node and script. Resolves to the exit code: 0 no rule was broken, 1 one was, 2 wrong usage. */
export async function main(args: readonly string[], output: Output = TERMINAL): Promise<number> {
  return withFlags<Options>(command(), args, (options) => run(options, output), output)
}

function command(): Command {
  return new Command('npm run sim --')
    .description(
      'Run seeded worlds: the real edge node and functions between simulated clients, disk, network and cloud.',
    )
    .option('--seeds <n>', 'how many worlds', positive, 1_000)
    .option('--from <seed>', 'the first seed', seed, 1)
    .option('--requests <n>', 'requests in a world, instead of what its seed says', positive)
    .option('--only <fault...>', `the only kinds of fault that strike, such as "${FAULT_KINDS.at(-1)}"`, kinds)
    .option('--trace', 'print what happens, also in worlds that break no rule')
    .addHelpText('after', `\nKinds of fault:\n${[...FAULT_KINDS, NO_FAULT].map((kind) => `  ${kind}`).join('\n')}`)
    .addHelpText('after', '\nExit code: 0 no rule was broken, 1 one was (its world is shown), 2 wrong usage.')
    .allowExcessArguments(false)
}

async function run({ seeds, from, requests, only, trace = false }: Options, output: Output): Promise<number> {
  const without = new Set(FAULT_KINDS.filter((kind) => only !== undefined && !only.includes(kind)))
  const isAsSeeded = requests === undefined && only === undefined
  const startMs = Date.now()
  const tell = everySoOften(output.err)
  for (let done = 0; done < seeds; done++) {
    const report = await runWorld(from + done, { without, trace, ...(requests === undefined ? {} : { requests }) })
    for (const line of report.trace) output.out(line)
    if (report.violation !== null) {
      await show(report, isAsSeeded, output)
      return 1
    }
    tell(() => {
      const perSecond = ((done + 1) / (Date.now() - startMs)) * 1_000
      return `... ${(done + 1).toLocaleString('en-US')} of ${seeds.toLocaleString('en-US')} worlds, ${perSecond.toFixed(0)}/s`
    })
  }
  output.out(
    `${seeds.toLocaleString('en-US')} ${seeds === 1 ? 'world' : 'worlds'} from seed ${from}: no rule was broken`,
  )
  return 0
}

async function show(report: WorldReport, isAsSeeded: boolean, { out, err }: Output): Promise<void> {
  out(`seed ${report.seed} breaks a rule: ${report.violation?.rule}`)
  if (!isAsSeeded) return out(report.violation?.detail ?? '')
  err('... looking for a smaller world that breaks it')
  const { report: smallest, faults } = await shrink(report.seed)
  for (const line of smallest.trace) out(line)
  out(smallest.violation?.detail ?? '')
  const only = faults.length === 0 ? NO_FAULT : faults.map((kind) => `"${kind}"`).join(' ')
  out(`again: npm run sim -- --seeds 1 --from ${report.seed} --requests ${smallest.requests} --only ${only} --trace`)
}

function positive(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('give a whole number of at least 1')
  return value
}

function seed(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('give a whole number of at least 0')
  return value
}

function kinds(text: string, before: FaultKind[] = []): FaultKind[] {
  if (text === NO_FAULT) return before
  const kind = FAULT_KINDS.find((each) => each === text)
  if (kind === undefined) throw new InvalidArgumentError(`there is no such kind; there are: ${FAULT_KINDS.join(', ')}`)
  return [...before, kind]
}

if (require.main === module) {
  endWithReader()
  main(process.argv.slice(2)).then((code) => {
    process.exitCode = code
  })
}
