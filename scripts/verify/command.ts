/**
 * `spillway verify`: recomputes every window from the accepted events and compares it with what the edge node serves.
 */
import { writeFile } from 'node:fs/promises'
import { withFlags } from '../command-line/ask'
import { DONE, NOT_DONE, WRONG_USAGE } from '../command-line/exit-codes'
import { url as httpUrl } from '../command-line/flags'
import { newCommand } from '../command-line/new-command'
import { type Output, printJson, TERMINAL } from '../command-line/output'
import { everySoOften } from '../command-line/progress'
import { tokenOption } from '../command-line/token'
import { CannotVerify } from './accepted'
import { type VerifyReport, verify } from './report'
import { summaryOf } from './summary'

interface Flags {
  readonly accepted: string[]
  readonly url: string
  readonly token?: string
  readonly json: boolean
  readonly report?: string
}

/** Resolves to the exit code: 0 exact, 1 differences, 2 nothing could be compared. */
export async function main(args: readonly string[], output: Output = TERMINAL): Promise<number> {
  try {
    return await withFlags<Flags>(command(), args, (flags) => run(flags, output), output)
  } catch (error) {
    if (!(error instanceof CannotVerify)) throw error
    output.err(`cannot verify (${error.code}): ${error.message}`)
    return WRONG_USAGE
  }
}

async function run({ accepted, url, token, json, report: reportFile }: Flags, output: Output): Promise<number> {
  const show = everySoOften(output.err)
  const hear = (what: string) => (count: number) => show(() => `... ${count.toLocaleString('en-US')} ${what}`)
  const onEvents = hear('events read')
  const onWindows = hear('windows fetched')
  const report = await verify({ accepted, url, token, onEvents, onWindows })
  if (json) printJson(output, report)
  else for (const line of summaryOf(report)) output.out(line)
  if (reportFile !== undefined) await writeReport(reportFile, report)
  return report.exact ? DONE : NOT_DONE
}

async function writeReport(file: string, report: VerifyReport): Promise<void> {
  await writeFile(file, `${JSON.stringify(report, null, 2)}\n`).catch((error: Error) => {
    const what = `the report ${file} cannot be written (${error.message}); choose another --report`
    throw new CannotVerify('unwritable-report', what)
  })
}

const command = () =>
  newCommand({
    name: 'verify',
    about: 'Computes every window again from the accepted events and compares it with what the edge node serves.',
    examples: [
      'spillway verify --accepted accepted.ndjson',
      'spillway verify --accepted monday.ndjson tuesday.ndjson --url http://127.0.0.1:7071 --json',
    ],
    exits: { done: 'exact', not: 'differences', wrong: 'or nothing to compare with' },
  })
    .requiredOption(
      '--accepted <file...>',
      'accepted batches as the load script wrote them; may be given several times',
    )
    .option('--url <url>', 'the edge node', httpUrl, 'http://127.0.0.1:7070')
    .addOption(tokenOption('read'))
    .option('--json', 'print counts and the first differences as JSON', false)
    .option('--report <file>', 'write the same here')
