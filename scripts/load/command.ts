/** `spillway load`: events in an open loop. */
import { writeFile } from 'node:fs/promises'
import { parentEnded } from '../../program/parent-ended'
import { answer, usageText } from '../command-line/ask'
import { DONE, INTERRUPTED, NOT_DONE, WRONG_USAGE } from '../command-line/exit-codes'
import { type Output, printJson, TERMINAL } from '../command-line/output'
import { type LoadRun, parseLoadArguments } from './cli'
import { LoadError } from './load-error'
import { type LoadProgress, progressLine } from './progress'
import type { LoadReport } from './report'
import { runLoad } from './run'
import { summaryOf } from './summary'

/** A terminal and npm may both pass one Ctrl-C on; what comes this soon after the first is the same one. */
const SAME_INTERRUPT_MS = 500

/** Resolves to the exit code. */
export async function main(args: readonly string[], output: Output = TERMINAL): Promise<number> {
  try {
    return await answer(parseLoadArguments(args), (run) => send(run, output), output)
  } catch (error) {
    if (!(error instanceof LoadError)) throw error
    output.err(usageText(error.message, 'spillway load'))
    return WRONG_USAGE
  }
}

async function send(run: LoadRun, output: Output): Promise<number> {
  const { options, isQuiet, isJson, reportFile } = run
  const report = await runLoad(options, {
    stop: stopOnInterrupt(),
    onSilence: (reason) => output.err(silenceText(run, reason)),
    ...(isQuiet ? {} : { onProgress: progressPrinter(output) }),
  })
  if (isJson) printJson(output, report)
  else for (const line of summaryOf(report, options.url, options.acceptedFile)) output.out(line)
  if (reportFile !== null) await writeReport(reportFile, report)
  const isComplete = !complain(report, output)
  if (report.silent) {
    output.err(`Nothing ever answered at ${options.url}, so nothing was tested. ${WHAT_TO_DO}`)
    return WRONG_USAGE
  }
  return isComplete ? DONE : NOT_DONE
}

const WHAT_TO_DO = 'Start a node (spillway edge), or give the address of one that runs with --url.'

const silenceText = ({ options: { url, giveUpMs } }: LoadRun, reason: string) =>
  `Nothing answers at ${url}: ${reason}. ${WHAT_TO_DO} Trying again for ${giveUpMs / 1000} s.`

function progressPrinter({ err }: Output): (progress: LoadProgress) => void {
  let before: LoadProgress | null = null
  return (progress) => {
    err(progressLine(progress, before))
    before = progress
  }
}

function stopOnInterrupt(): AbortSignal {
  const stop = new AbortController()
  let firstAtMs: number | null = null
  const interrupt = () => {
    firstAtMs ??= performance.now()
    if (performance.now() - firstAtMs > SAME_INTERRUPT_MS) process.exit(INTERRUPTED)
    stop.abort()
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  void parentEnded().then(interrupt)
  // Nobody is left to read a report, and what it sends to mostly goes with who started it.
  process.on('disconnect', () => process.exit(INTERRUPTED))
  process.channel?.unref() // or this listener would keep the process alive
  return stop.signal
}

async function writeReport(file: string, report: LoadReport): Promise<void> {
  await writeFile(file, `${JSON.stringify(report, null, 2)}\n`).catch((cause: Error) => {
    const what = `The report file ${file} cannot be written: ${cause.message}. What it says is on standard output; with --json all of it.`
    throw new LoadError('bad-output-file', what, { cause })
  })
}

/** Says on standard error what did not get through; true if something did not. */
function complain({ failed, unanswered, unsent, interrupted, reasons }: LoadReport, { err }: Output): boolean {
  const lost = failed + unanswered + (interrupted ? 0 : unsent)
  if (lost === 0) return false
  const why = Object.entries(reasons).map(([reason, times]) => `${reason} (${times} times)`)
  err(`${failed} events failed, ${unanswered} stayed unanswered, ${unsent} unsent: ${why.join('; ')}`)
  return true
}
