import { writeFile } from 'node:fs/promises'
import { type LoadCommand, parseLoadArguments } from './cli'
import { LoadError } from './load-error'
import { type LoadProgress, progressLine } from './progress'
import type { LoadReport } from './report'
import { runLoad } from './run'

/** A terminal and npm may both pass one Ctrl-C on; what comes this soon after the first is the same one. */
const SAME_INTERRUPT_MS = 500

async function main(): Promise<number> {
  const command = parseLoadArguments(process.argv.slice(2))
  if ('help' in command) {
    process.stdout.write(command.help)
    return 0
  }
  const report = await runLoad(command.options, {
    stop: stopOnInterrupt(),
    onSilence: (reason) => process.stderr.write(silenceText(command, reason)),
    ...(command.quiet ? {} : { onProgress: progressPrinter() }),
  })
  await writeReport(command, report)
  const isComplete = !complain(report)
  if (report.silent) {
    process.stderr.write(`Nothing ever answered at ${command.options.url}, so nothing was tested. ${WHAT_TO_DO}\n`)
    return 2
  }
  return isComplete ? 0 : 1
}

const WHAT_TO_DO = 'Start a node (npm run edge), or give the address of one that runs with --url.'

const silenceText = ({ options: { url, giveUpMs } }: LoadCommand, reason: string) =>
  `Nothing answers at ${url}: ${reason}. ${WHAT_TO_DO} Trying again for ${giveUpMs / 1000} s.\n`

function progressPrinter(): (progress: LoadProgress) => void {
  let before: LoadProgress | null = null
  return (progress) => {
    process.stderr.write(`${progressLine(progress, before)}\n`)
    before = progress
  }
}

function stopOnInterrupt(): AbortSignal {
  const stop = new AbortController()
  let firstAtMs: number | null = null
  const interrupt = () => {
    firstAtMs ??= performance.now()
    if (performance.now() - firstAtMs > SAME_INTERRUPT_MS) process.exit(130)
    stop.abort()
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  // Nobody is left to read a report, and what it sends to mostly goes with who started it.
  process.on('disconnect', () => process.exit(130))
  process.channel?.unref() // or this listener would keep the process alive
  return stop.signal
}

async function writeReport({ reportFile }: LoadCommand, report: LoadReport): Promise<void> {
  const text = `${JSON.stringify(report, null, 2)}\n`
  if (reportFile === null) {
    process.stdout.write(text)
    return
  }
  await writeFile(reportFile, text).catch((cause: Error) => {
    process.stdout.write(text)
    const what = `The report file ${reportFile} cannot be written: ${cause.message}. The report is on standard output.`
    throw new LoadError('bad-output-file', what, { cause })
  })
}

/** Says on standard error what did not get through; true if something did not. */
function complain({ failed, unanswered, unsent, interrupted, reasons }: LoadReport): boolean {
  const lost = failed + unanswered + (interrupted ? 0 : unsent)
  if (lost === 0) return false
  const why = Object.entries(reasons).map(([reason, times]) => `${reason} (${times} times)`)
  process.stderr.write(
    `${failed} events failed, ${unanswered} stayed unanswered, ${unsent} unsent: ${why.join('; ')}\n`,
  )
  return true
}

main().then(
  (exitCode) => {
    process.exitCode = exitCode
  },
  (error: unknown) => {
    if (!(error instanceof LoadError)) throw error
    process.stderr.write(`${error.message} See --help.\n`)
    process.exitCode = 2
  },
)
