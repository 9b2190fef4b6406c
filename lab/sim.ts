/** `npm run sim`: runs seeded worlds, and shows the smallest one that breaks a rule. */
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { FAULT_KINDS, type FaultKind } from '../test/sim/faults'
import { shrink } from '../test/sim/shrink'
import { runWorld, type WorldReport } from '../test/sim/world'

const PROGRESS_EVERY_MS = 2_000
const NO_FAULT = 'none'

interface Options {
  readonly seeds: number
  readonly from: number
  readonly requests?: number
  readonly only?: FaultKind[]
  readonly trace?: boolean
}

/** Where lines for people go; a test listens here. */
export type Output = { readonly out: (line: string) => void; readonly err: (line: string) => void }

const TERMINAL: Output = { out: (line) => console.log(line), err: (line) => console.error(line) }

/** `args` without node and script. Resolves to the exit code: 0 no rule was broken, 1 one was, 2 wrong usage. */
export async function main(args: readonly string[], output: Output = TERMINAL): Promise<number> {
  try {
    return await run(command(output).parse(args, { from: 'user' }).opts<Options>(), output)
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    throw error
  }
}

function command(output: Output): Command {
  return new Command('sim')
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
    .showHelpAfterError('See --help.')
    .exitOverride()
    .configureOutput({ writeOut: (text) => output.out(text.trimEnd()), writeErr: (text) => output.err(text.trimEnd()) })
}

async function run({ seeds, from, requests, only, trace = false }: Options, output: Output): Promise<number> {
  const without = new Set(FAULT_KINDS.filter((kind) => only !== undefined && !only.includes(kind)))
  const isAsSeeded = requests === undefined && only === undefined
  const startMs = Date.now()
  let nextMs = startMs + PROGRESS_EVERY_MS
  for (let done = 0; done < seeds; done++) {
    const report = await runWorld(from + done, { without, trace, ...(requests === undefined ? {} : { requests }) })
    for (const line of report.trace) output.out(line)
    if (report.violation !== null) {
      await show(report, isAsSeeded, output)
      return 1
    }
    if (Date.now() < nextMs) continue
    nextMs = Date.now() + PROGRESS_EVERY_MS
    const perSecond = ((done + 1) / (Date.now() - startMs)) * 1_000
    output.err(
      `... ${(done + 1).toLocaleString('en-US')} of ${seeds.toLocaleString('en-US')} worlds, ${perSecond.toFixed(0)}/s`,
    )
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
  main(process.argv.slice(2)).then((code) => {
    process.exitCode = code
  })
}
