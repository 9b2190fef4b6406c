/** `spillway simulate` and `spillway plan`. */
import { writeFile } from 'node:fs/promises'
import { answer, usageText } from '../command-line/ask'
import { DONE, NOT_DONE, WRONG_USAGE } from '../command-line/exit-codes'
import { mustHoldTable } from '../command-line/must-hold'
import { type Output, printJson, TERMINAL } from '../command-line/output'
import { LoadError } from '../load/load-error'
import { type CalledAs, parseSimulateArguments, type SimulateRun } from './cli'
import { promisesOf } from './promises'
import { run, type SimulationReport } from './run'
import { CannotSimulate } from './scenario'

/** Resolves to the exit code. */
export const main = (args: readonly string[], output: Output = TERMINAL) => runAs('simulate', args, output)

/** The same with `--plan`. */
export const plan = (args: readonly string[], output: Output = TERMINAL) => runAs('plan', args, output)

async function runAs(name: CalledAs, args: readonly string[], output: Output): Promise<number> {
  try {
    return await answer(parseSimulateArguments(args, name), (run) => simulateAll(run, output), output)
  } catch (error) {
    if (!(error instanceof CannotSimulate || error instanceof LoadError)) throw error
    output.err(usageText(error.message, `spillway ${name}`))
    return WRONG_USAGE
  }
}

async function simulateAll({ questions, mustHold, isJson, reportFile }: SimulateRun, output: Output): Promise<number> {
  const show = isJson ? () => {} : output.out
  const reports: SimulationReport[] = []
  for (const question of questions) reports.push(await run(question, output.err, show))
  const report = reports.length === 1 ? reports[0] : reports
  if (isJson) printJson(output, report)
  if (reportFile !== null) await writeReport(reportFile, `${JSON.stringify(report, null, 2)}\n`)
  if (!mustHold) return DONE
  const promises = reports.flatMap(promisesOf)
  const tell = isJson ? output.err : output.out
  tell(`\n${mustHoldTable(promises)}`)
  return promises.every(({ holds }) => holds) ? DONE : NOT_DONE
}

async function writeReport(file: string, text: string): Promise<void> {
  await writeFile(file, text).catch((error: Error) => {
    throw new CannotSimulate(`The report ${file} cannot be written (${error.message}); choose another --report.`)
  })
}
