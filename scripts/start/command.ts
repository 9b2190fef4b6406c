import { writeFile } from 'node:fs/promises'
import pc from 'picocolors'
import { LoadError } from '../load/load-error'
import type { Stoppable } from '../processes/child'
import { whenInterrupted } from '../processes/interrupted'
import { parseStartArguments, type StartCommand } from './cli'
import { printReport } from './print-report'
import { checkRun, run } from './run'

const INTERRUPTED = 130

const say = (text: string) => process.stdout.write(`${text}\n`)

async function main(): Promise<number> {
  const command = parseStartArguments(process.argv.slice(2))
  switch (command.kind) {
    case 'help':
      process.stdout.write(command.text)
      return 0
    case 'wrong':
      process.stderr.write(`${command.message}\n`)
      return 2
    case 'run':
      return perform(command)
  }
}

/** Whatever ends it, the processes that it started end before it. */
async function perform({ options, isOnce, reportFile }: Extract<StartCommand, { kind: 'run' }>): Promise<number> {
  await checkRun(options)
  const children: Stoppable[] = []
  const interrupted = whenInterrupted()
  try {
    const outcome = await Promise.race([run(options, children, say), interrupted.then(() => null)])
    if (outcome === null) return INTERRUPTED
    say(printReport(outcome.report))
    if (outcome.differences !== null) say(pc.red(outcome.differences))
    if (reportFile !== null) await writeFile(reportFile, `${JSON.stringify(outcome.report, null, 2)}\n`)
    if (!isOnce) {
      say(`The edge node keeps serving at ${outcome.url} (try ${outcome.url}/v1/windows?limit=3). Ctrl-C stops it.`)
      await interrupted
    }
    return outcome.report.balanced ? 0 : 1
  } finally {
    for (const child of children.reverse()) await child.stop()
  }
}

/** Exit code. */
function explain(error: unknown): number {
  const { message, code, retryable } = error as Error & { readonly code?: string; readonly retryable?: boolean }
  if (error instanceof LoadError) {
    console.error(`${message} See --help.`)
    return 2
  }
  console.error(
    pc.red(retryable === undefined ? `The run failed: ${message}` : `The run cannot start (${code}): ${message}`),
  )
  return 1
}

// By an exit of its own: what was under way when it was interrupted would start what is still to come.
main()
  .catch(explain)
  .then((code) => process.exit(code))
