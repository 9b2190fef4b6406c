/**
 * `spillway replay`: gives dead letters another try, as events where their window is open, as corrections where it is
 * final.
 */
import { writeFile } from 'node:fs/promises'
import { withFlags } from '../command-line/ask'
import { DONE, NOT_DONE, WRONG_USAGE } from '../command-line/exit-codes'
import { url as httpUrl, word } from '../command-line/flags'
import { newCommand } from '../command-line/new-command'
import { type Output, printJson, TERMINAL } from '../command-line/output'
import { everySoOften } from '../command-line/progress'
import { tokenOption } from '../command-line/token'
import { CannotReplay } from './edge-node'
import { type ReplayReport, runReplay, summaryOf } from './run'

const MAX_CODE_LENGTH = 64

interface Flags {
  readonly url: string
  readonly token?: string
  readonly code?: string | null
  readonly dryRun: boolean
  readonly json: boolean
  readonly report?: string
}

/** Resolves to the exit code: 0 done, 1 some failed or wait, 2 wrong usage or no edge node. */
export async function main(args: readonly string[], output: Output = TERMINAL): Promise<number> {
  try {
    return await withFlags<Flags>(command(), args, (flags) => run(flags, output), output)
  } catch (error) {
    if (!(error instanceof CannotReplay)) throw error
    output.err(`cannot replay (${error.code}): ${error.message}`)
    return WRONG_USAGE
  }
}

async function run({ url, token, code = null, dryRun, json, report: file }: Flags, output: Output): Promise<number> {
  const show = everySoOften(output.err)
  const onLetters = (done: number, all: number) => show(() => `... ${done} of ${all}`)
  const report = await runReplay({ url, token, code, dryRun, onLetters })
  if (json) printJson(output, report)
  else for (const line of summaryOf(report)) output.out(line)
  const written = file === undefined || (await write(file, report, output))
  if (!written) return WRONG_USAGE
  return report.failed + report.waiting + report.gone === 0 ? DONE : NOT_DONE
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

const command = () =>
  newCommand({
    name: 'replay',
    about: 'Gives the dead letters of an edge node another try with the pipeline as it is now.',
    notes: NOTES,
    examples: ['spillway replay --dry-run', 'spillway replay --code map_failed --report replay.json'],
    exits: {
      done: 'done',
      not: 'some failed again, or wait for their window to become final',
      wrong: 'or no edge node',
    },
  })
    .option('--url <url>', 'base URL of the edge node', httpUrl, 'http://127.0.0.1:7070')
    .addOption(tokenOption('read and admin'))
    .option('--code <code>', 'only letters of this code, such as map_failed or map_timeout', word(MAX_CODE_LENGTH))
    .option('--dry-run', 'change nothing, say what would be done; whether they fail again is not tried', false)
    .option('--json', 'print the counts and the failures as JSON', false)
    .option('--report <file>', 'write the same here')

const NOTES = `A letter whose windows are open is sent again as an event; for a final window it becomes a correction, listed at
/v1/corrections, and the result of the window stays as it is. Doing it twice changes nothing more.`
