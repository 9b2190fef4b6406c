import { writeFile } from 'node:fs/promises'
import { LoadError } from './load/load-error'
import { CannotSimulate } from './simulate/cannot-simulate'
import { parseSimulateArguments } from './simulate/cli'
import { run } from './simulate/run'

async function main(): Promise<number> {
  const command = parseSimulateArguments(process.argv.slice(2))
  switch (command.kind) {
    case 'text':
      process.stdout.write(command.text)
      return 0
    case 'wrong':
      process.stderr.write(`${command.message}\n`)
      return 2
    case 'run': {
      const say = (line: string) => process.stderr.write(`${line}\n`)
      const report = await run(command.question, say, (text) => process.stdout.write(`${text}\n`))
      if (command.reportFile !== null) await writeReport(command.reportFile, `${JSON.stringify(report, null, 2)}\n`)
      return 0
    }
  }
}

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
