/** `npm run flink:trials`: what must hold of the job on Flink, with real processes that are killed. */
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Argument, Command } from 'commander'
import { withFlags } from '../../scripts/command-line/ask'
import { INTERRUPTED } from '../../scripts/command-line/exit-codes'
import { integer } from '../../scripts/command-line/flags'
import type { Stoppable } from '../../scripts/processes/child'
import { whenInterrupted } from '../../scripts/processes/interrupted'
import { missingJava } from '../../scripts/processes/java/toolchain'
import { TRIALS } from './all'
import type { Place, Trial, TrialOutcome } from './trial'

interface Flags extends Place {
  readonly short: boolean
  readonly report?: string
}

const SHOWN = 5 // of the last lines of a trial that failed

const say = (text: string) => console.log(text)

const command = () =>
  new Command('npm run flink:trials --')
    .description(
      'Shows with real processes what must hold of the job on Flink; without Java it says that it is skipped.',
    )
    .addArgument(new Argument('[trials...]', 'which; all when none is given').choices(TRIALS.map(({ name }) => name)))
    .option('--short', 'a few that stand for all of them', false)
    .option('--report <file>', 'write the reports (JSON) here')
    .option('--kafka-port <port>', 'where the broker listens', integer(1, 65_534), 9092)
    .option(
      '--rest-port <port>',
      "Flink's page and API; its processes take the next four ports",
      integer(1, 65_531),
      8081,
    )
    .option('--data-dir <folder>', 'folder of the runs; each empties its own first', '.spillway/flink-trials')
    .addHelpText('after', `\nTrials:\n${TRIALS.map(({ name, about }) => `  ${name.padEnd(14)}${about}`).join('\n')}`)

async function main(): Promise<number> {
  return withFlags<Flags>(command(), process.argv.slice(2), perform)
}

async function perform(flags: Flags, names: readonly string[]): Promise<number> {
  const missing = missingJava()
  if (missing !== null) {
    say(`SKIPPED: trials of the job on Flink need Java: ${missing}.`)
    return 0
  }
  const chosen = TRIALS.filter(({ name, isShort }) =>
    names.length > 0 ? names.includes(name) : !flags.short || isShort,
  )
  const interrupted = whenInterrupted()
  const results: { readonly trial: string; readonly seconds: number; readonly outcome: TrialOutcome }[] = []
  for (const trial of chosen) {
    const startMs = performance.now()
    const outcome = await runTrial(trial, flags, interrupted)
    if (outcome === null) return INTERRUPTED
    const seconds = Math.round((performance.now() - startMs) / 1000)
    results.push({ trial: trial.name, seconds, outcome })
    say(`${outcome.failures.length === 0 ? 'HOLDS ' : 'FAILS '} ${trial.name}, ${seconds} s: ${outcome.figures}`)
    for (const failure of outcome.failures) say(`   ${failure}`)
    if (flags.report !== undefined) await writeFile(flags.report, `${JSON.stringify(results, null, 2)}\n`)
  }
  const held = results.filter(({ outcome }) => outcome.failures.length === 0).length
  say(`\n${held} of ${results.length} hold.`)
  return held === results.length ? 0 : 1
}

/** Runs a trial and ends all that it started; null when it was interrupted. */
async function runTrial(trial: Trial, place: Place, interrupted: Promise<unknown>): Promise<TrialOutcome | null> {
  say(`\n--- ${trial.name}: ${trial.about}`)
  const children: Stoppable[] = []
  const lines: string[] = []
  const note = (text: string) => {
    lines.push(text)
    if (/^ {3}[a-z]/.test(text)) say(text)
  }
  const { kafkaPort, restPort } = place
  const dataDir = path.join(place.dataDir, trial.name)
  await mkdir(place.dataDir, { recursive: true })
  try {
    const run = trial.run({ kafkaPort, restPort, dataDir }, children, note)
    return await Promise.race([run, interrupted.then(() => null)])
  } catch (error) {
    const { message } = error as Error
    return { failures: [message, ...lines.slice(-SHOWN)], figures: 'it ended before its end', reports: [] }
  } finally {
    for (const child of children.reverse()) await child.stop()
  }
}

// By an exit of its own: what was under way when it was interrupted would start what is still to come.
main()
  .catch((error: Error) => {
    console.error(`The trials failed: ${error.message}`)
    return 1
  })
  .then((code) => process.exit(code))
