/**
 * `npm run verify`: recomputes every window from the accepted events and compares it with what the edge node serves.
 */
import { writeFile } from 'node:fs/promises'
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { tokenOption } from '../command-line/token'
import { CannotVerify } from './accepted'
import { type VerifyReport, verify } from './report'
import { summaryOf } from './summary'

const PROGRESS_EVERY_MS = 2_000

type Options = { accepted: string[]; url: string; token?: string; report?: string }

/** Where lines for people go; a test listens here. */
export type Output = { out: (line: string) => void; err: (line: string) => void }

const TERMINAL: Output = { out: (line) => console.log(line), err: (line) => console.error(line) }

/** `args` without node and script. Resolves to the exit code: 0 exact, 1 differences, 2 nothing could be compared. */
export async function main(args: readonly string[], output: Output = TERMINAL): Promise<number> {
  try {
    const options = command(output).parse(args, { from: 'user' }).opts<Options>()
    return await run(options, output)
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    if (!(error instanceof CannotVerify)) throw error
    output.err(`cannot verify (${error.code}): ${error.message}`)
    return 2
  }
}

async function run({ accepted, url, token, report: reportFile }: Options, output: Output): Promise<number> {
  const report = await verify({ accepted, url, token, onEvents: progress(output) })
  for (const line of summaryOf(report)) output.out(line)
  if (reportFile !== undefined) await writeReport(reportFile, report)
  return report.exact ? 0 : 1
}

async function writeReport(file: string, report: VerifyReport): Promise<void> {
  await writeFile(file, `${JSON.stringify(report, null, 2)}\n`).catch((error: Error) => {
    const what = `the report ${file} cannot be written (${error.message}); choose another --report`
    throw new CannotVerify('unwritable-report', what)
  })
}

function command(output: Output): Command {
  return new Command('verify')
    .description('Recompute every window from the accepted events and compare it with what the edge node serves.')
    .requiredOption(
      '--accepted <file...>',
      'accepted batches as the load script wrote them; may be given several times',
    )
    .option('--url <url>', 'the edge node', httpUrl, 'http://127.0.0.1:7070')
    .addOption(tokenOption('read'))
    .option('--report <file>', 'write counts and the first differences as JSON')
    .addHelpText('after', '\nExit code: 0 exact, 1 differences, 2 wrong usage or nothing to compare with.')
    .allowExcessArguments(false)
    .showHelpAfterError('See --help.')
    .exitOverride()
    .configureOutput({ writeOut: (text) => output.out(text.trimEnd()), writeErr: (text) => output.err(text.trimEnd()) })
}

function httpUrl(text: string): string {
  const protocol = URL.canParse(text) ? new URL(text).protocol : undefined
  if (protocol !== 'http:' && protocol !== 'https:') throw new InvalidArgumentError('give it as http://host:port')
  return text
}

function progress(output: Output): (events: number) => void {
  let nextMs = Date.now() + PROGRESS_EVERY_MS
  return (events) => {
    if (Date.now() < nextMs) return
    nextMs = Date.now() + PROGRESS_EVERY_MS
    output.err(`... ${events.toLocaleString('en-US')} events`)
  }
}

if (require.main === module) {
  main(process.argv.slice(2)).then((code) => {
    process.exitCode = code
  })
}
