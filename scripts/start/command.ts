/** `spillway start`: the demo. */
import { writeFile } from 'node:fs/promises'
import { answer, usageText } from '../command-line/ask'
import { pc } from '../command-line/colours'
import { DONE, INTERRUPTED, NOT_DONE, WRONG_USAGE } from '../command-line/exit-codes'
import { type Output, printJson, TERMINAL } from '../command-line/output'
import { LoadError } from '../load/load-error'
import type { Stoppable } from '../processes/child'
import { whenInterrupted } from '../processes/interrupted'
import { parseStartArguments, type StartRun } from './cli'
import { printReport } from './print-report'
import { checkRun, type RunOutcome, run } from './run'

/** Resolves to the exit code. */
export function main(args: readonly string[], output: Output = TERMINAL): Promise<number> {
  return answer(
    parseStartArguments(args),
    (run) => perform(run, output).catch((error) => explain(error, output)),
    output,
  )
}

/** Whatever ends it, the processes that it started end before it. */
async function perform(asked: StartRun, output: Output): Promise<number> {
  const { options, isOnce, isJson } = asked
  const say = isJson ? output.err : output.out
  await checkRun(options)
  const children: Stoppable[] = []
  const interrupted = whenInterrupted()
  try {
    const outcome = await Promise.race([run(options, children, say), interrupted.then(() => null)])
    if (outcome === null) return INTERRUPTED
    await tell(outcome, asked, output)
    if (!isOnce) {
      say(`The edge node keeps serving at ${outcome.url} (try ${outcome.url}/v1/windows?limit=3). Ctrl-C stops it.`)
      await interrupted
    }
    return outcome.report.balanced ? DONE : NOT_DONE
  } finally {
    for (const child of children.reverse()) await child.stop()
  }
}

async function tell({ report, differences }: RunOutcome, asked: StartRun, output: Output): Promise<void> {
  if (asked.isJson) printJson(output, report)
  else {
    output.out(printReport(report))
    if (differences !== null) output.out(pc.red(differences))
  }
  if (asked.reportFile !== null) await writeFile(asked.reportFile, `${JSON.stringify(report, null, 2)}\n`)
}

/** Exit code. */
function explain(error: unknown, { err }: Output): number {
  const { message, code, retryable } = error as Error & { readonly code?: string; readonly retryable?: boolean }
  if (error instanceof LoadError) {
    err(usageText(message, 'spillway start'))
    return WRONG_USAGE
  }
  err(pc.red(retryable === undefined ? `The run failed: ${message}` : `The run cannot start (${code}): ${message}`))
  return NOT_DONE
}
