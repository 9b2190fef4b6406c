/** `spillway chaos`: real faults to real processes, and whether the results are exact all the same. */
import { writeFile } from 'node:fs/promises'
import { ensurePackaged } from '../../localstack/package'
import { answer } from '../command-line/ask'
import { DONE, INTERRUPTED, NOT_DONE } from '../command-line/exit-codes'
import { type Output, printJson, TERMINAL } from '../command-line/output'
import { type ChaosRun, parseChaosArguments } from './cli'
import { type ChaosReport, isPassed, verdictOf } from './report'
import { runScenario } from './run'
import { Interrupted } from './stage'

/** Resolves to the exit code. */
export async function main(args: readonly string[], output: Output = TERMINAL): Promise<number> {
  try {
    return await answer(parseChaosArguments(args), (run) => runAll(run, output), output)
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error
    output.err('Interrupted; everything that was started has ended.')
    return INTERRUPTED
  }
}

async function runAll({ scenarios, options, isJson, reportFile }: ChaosRun, output: Output): Promise<number> {
  const say = isJson ? output.err : output.out
  await ensurePackaged()
  const interrupt = onInterrupt()
  const reports: ChaosReport[] = []
  for (const scenario of scenarios) {
    say(`\n--- ${scenario}, seed ${options.seed}`)
    reports.push(await runScenario(scenario, options, interrupt, say))
    say(verdictOf(reports.at(-1)!))
    if (reportFile === null) continue
    await writeFile(reportFile, `${JSON.stringify(together(reports, scenarios.length), null, 2)}\n`)
  }
  if (isJson) printJson(output, together(reports, scenarios.length))
  return conclude(reports, say)
}

/**
 * One interrupt ends the run, and further ones change nothing: ending takes as long as it takes to leave nothing
 * behind.
 */
function onInterrupt(): AbortSignal {
  const interrupt = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupt.abort())
  return interrupt.signal
}

/**
 * One scenario's report as it is; of several, a list with what they came to together. Written after each, so that an
 * interrupt loses none.
 */
function together(reports: readonly ChaosReport[], planned: number): object | undefined {
  const [first, ...others] = reports
  if (planned === 1) return first
  const seconds = reports.reduce((sum, report) => sum + report.seconds, 0)
  const exact = reports.length === planned && reports.every((report) => report.exact || report.skipped !== undefined)
  return { scenario: 'all', seed: first?.seed, exact, seconds, runs: [first, ...others] }
}

function conclude(reports: readonly ChaosReport[], say: Output['out']): number {
  const passed = reports.filter(isPassed).length
  const skipped = reports.filter((report) => report.skipped !== undefined).length
  if (reports.length > 1)
    say(
      `\n${passed - skipped} of ${reports.length} scenarios exact, ${skipped} skipped, ${reports.length - passed} not.`,
    )
  return passed === reports.length ? DONE : NOT_DONE
}
