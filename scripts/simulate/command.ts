import { writeFile } from 'node:fs/promises'
import { mustHoldTable } from '../command-line/must-hold'
import { LoadError } from '../load/load-error'
import { parseSimulateArguments, type SimulateCommand } from './cli'
import { promisesOf } from './promises'
import { run, type SimulationReport } from './run'
import { CannotSimulate } from './scenario'

async function main(): Promise<number> {
  const command = parseSimulateArguments(process.argv.slice(2))
  switch (command.kind) {
    case 'text':
      process.stdout.write(command.text)
      return 0
    case 'wrong':
      process.stderr.write(`${command.message}\n`)
      return 2
    case 'run':
      return answer(command)
  }
}

async function answer({ questions, mustHold, reportFile }: Extract<SimulateCommand, { kind: 'run' }>): Promise<number> {
  const reports: SimulationReport[] = []
  for (const question of questions) reports.push(await run(question, say, show))
  const report = reports.length === 1 ? reports[0] : reports
  if (reportFile !== null) await writeReport(reportFile, `${JSON.stringify(report, null, 2)}\n`)
  if (!mustHold) return 0
  const promises = reports.flatMap(promisesOf)
  show(`\n${mustHoldTable(promises)}`)
  return promises.every(({ holds }) => holds) ? 0 : 1
}

const say = (line: string) => process.stderr.write(`${line}\n`)
const show = (text: string) => process.stdout.write(`${text}\n`)

async function writeReport(file: string, text: string): Promise<void> {
  await writeFile(file, text).catch((error: Error) => {
    throw new CannotSimulate(`The report ${file} cannot be written (${error.message}); choose another --report.`)
  })
}

main().then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    if (!(error instanceof CannotSimulate || error instanceof LoadError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 2
  },
)
