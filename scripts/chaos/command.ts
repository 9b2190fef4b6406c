import { writeFile } from 'node:fs/promises'
import { ensurePackaged } from '../../localstack/package'
import { parseChaosArguments } from './cli'
import { type ChaosReport, isPassed, verdictOf } from './report'
import { runScenario } from './run'
import { Interrupted } from './stage'

const say = (text: string) => process.stdout.write(`${text}\n`)

async function main(): Promise<number> {
  const command = parseChaosArguments(process.argv.slice(2))
  switch (command.kind) {
    case 'text':
      process.stdout.write(command.text)
      return 0
    case 'wrong':
      process.stderr.write(`${command.message}\n`)
      return 2
    case 'run': {
      await ensurePackaged()
      const interrupt = onInterrupt()
      const reports: ChaosReport[] = []
      for (const scenario of command.scenarios) {
        say(`\n--- ${scenario}, seed ${command.options.seed}`)
        reports.push(await runScenario(scenario, command.options, interrupt, say))
        say(verdictOf(reports.at(-1)!))
        if (command.reportFile !== null) await writeReport(command.reportFile, command.scenarios.length, reports)
      }
      return conclude(reports)
    }
  }
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
async function writeReport(file: string, planned: number, reports: readonly ChaosReport[]): Promise<void> {
  const [first, ...others] = reports
  const seconds = reports.reduce((sum, report) => sum + report.seconds, 0)
  const exact = reports.length === planned && reports.every((report) => report.exact || report.skipped !== undefined)
  const whole = planned === 1 ? first : { scenario: 'all', seed: first?.seed, exact, seconds, runs: [first, ...others] }
  await writeFile(file, `${JSON.stringify(whole, null, 2)}\n`)
}

function conclude(reports: readonly ChaosReport[]): number {
  const passed = reports.filter(isPassed).length
  const skipped = reports.filter((report) => report.skipped !== undefined).length
  if (reports.length > 1)
    say(
      `\n${passed - skipped} of ${reports.length} scenarios exact, ${skipped} skipped, ${reports.length - passed} not.`,
    )
  return passed === reports.length ? 0 : 1
}

main().then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    if (!(error instanceof Interrupted)) throw error
    say('Interrupted; everything that was started has ended.')
    process.exitCode = 130
  },
)
