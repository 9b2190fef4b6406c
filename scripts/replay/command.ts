/**
 * `npm run replay`: gives dead letters another try, as events where their window is open, as corrections where it is
 * final.
 */
import { writeFile } from 'node:fs/promises'
import { Command, CommanderError } from 'commander'
import { url as httpUrl, word } from '../command-line/flags'
import { tokenOption } from '../command-line/token'
import { CannotReplay } from './edge-node'
import { type ReplayReport, runReplay, summaryOf } from './run'

const PROGRESS_EVERY_MS = 2_000
const MAX_CODE_LENGTH = 64

type Options = { url: string; token?: string; code?: string | null; dryRun?: boolean; report?: string }

/** Where lines for people go; a test listens here. */
export type Output = { out: (line: string) => void; err: (line: string) => void }

const TERMINAL: Output = { out: (line) => console.log(line), err: (line) => console.error(line) }

/**
 * `args` without node and script. Resolves to the exit code: 0 done, 1 some failed or wait, 2 wrong usage or no edge
 * node.
 */
export async function main(args: readonly string[], output: Output = TERMINAL): Promise<number> {
  try {
    return await run(command(output).parse(args, { from: 'user' }).opts<Options>(), output)
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    if (!(error instanceof CannotReplay)) throw error
    output.err(`cannot replay (${error.code}): ${error.message}`)
    return 2
  }
}

async function run(
  { url, token, code = null, dryRun = false, report: file }: Options,
  output: Output,
): Promise<number> {
  const report = await runReplay({ url, token, code, dryRun, onLetters: progress(output) })
  for (const line of summaryOf(report)) output.out(line)
  const written = file === undefined || (await write(file, report, output))
  if (!written) return 2
  return report.failed + report.waiting + report.gone === 0 ? 0 : 1
}

async function write(file: string, report: ReplayReport, output: Output): Promise<boolean> {
  try {
    await writeFile(file, `${JSON.stringify(report, null, 2)}\n`)
    return true
  } catch (error) {
    output.err(`The report file ${file} cannot be written: ${error instanceof Error ? error.message : error}`)
    return false
  }
}

function command(output: Output): Command {
  return new Command('replay')
    .description('Give the dead letters of an edge node another try with the pipeline as it is now.')
    .option('--url <url>', 'base URL of the edge node', httpUrl, 'http://127.0.0.1:7070')
    .addOption(tokenOption('read and admin'))
    .option('--code <code>', 'only letters of this code, such as map_failed or map_timeout', word(MAX_CODE_LENGTH))
    .option('--dry-run', 'change nothing, say what would be done; whether they fail again is not tried')
    .option('--report <file>', 'write the counts and the failures as JSON')
    .addHelpText('after', AFTER)
    .allowExcessArguments(false)
    .showHelpAfterError('See --help.')
    .exitOverride()
    .configureOutput({ writeOut: (text) => output.out(text.trimEnd()), writeErr: (text) => output.err(text.trimEnd()) })
}

const AFTER = `
A letter whose windows are open is sent again as an event; for a final window it becomes a correction, listed at
/v1/corrections, and the result of the window stays as it is. Doing it twice changes nothing more.
Exit code: 0 done; 1 some failed again, or wait for their window to become final; 2 wrong usage, or no edge node.`

function progress(output: Output): (done: number, all: number) => void {
  let nextMs = Date.now() + PROGRESS_EVERY_MS
  return (done, all) => {
    if (Date.now() < nextMs) return
    nextMs = Date.now() + PROGRESS_EVERY_MS
    output.err(`... ${done} of ${all}`)
  }
}

if (require.main === module) {
  main(process.argv.slice(2)).then((code) => {
    process.exitCode = code
  })
}
