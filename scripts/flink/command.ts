/** `spillway flink`: the pipeline `bids` on Flink, with Kafka and the embedded cloud, all on this machine. */
import { writeFile } from 'node:fs/promises'
import { InvalidArgumentError, Option } from 'commander'
import { answer, ask, WrongUsage } from '../command-line/ask'
import { DONE, INTERRUPTED, NOT_DONE } from '../command-line/exit-codes'
import { integer, number } from '../command-line/flags'
import { newCommand } from '../command-line/new-command'
import { type Output, printJson, TERMINAL } from '../command-line/output'
import type { Stoppable } from '../processes/child'
import { whenInterrupted } from '../processes/interrupted'
import { ensureJava } from '../processes/java/toolchain'
import { FAULTS } from './faults'
import type { FlinkRunOptions } from './options'
import { printFlinkReport } from './print-report'
import { runOnFlink } from './run'
import { SLOT_RATE } from './stage'

interface Flags extends FlinkRunOptions {
  readonly once: boolean
  readonly json: boolean
  readonly report?: string
}

const MAX_RATE = 1_000_000

const MOST_SLOTS = 1_024 // of the simulated pricing service

function capacity(text: string): number {
  const slots = Number(text) / SLOT_RATE
  if (Number.isInteger(slots) && slots >= 1 && slots <= MOST_SLOTS) return Number(text)
  throw new InvalidArgumentError(`It takes a multiple of ${SLOT_RATE}, up to ${SLOT_RATE * MOST_SLOTS}.`)
}

const away = (text: string) => (text === 'forever' ? Number.POSITIVE_INFINITY : number(0, 3_600)(text))

const command = () =>
  newCommand({
    name: 'flink',
    about:
      'Starts the embedded cloud, a Kafka broker, a sidecar and a Flink cluster, submits the job, sends bids with a spike, and checks every window that the job wrote.',
    notes: 'It needs a JDK (17 or later) and Maven.',
    examples: [
      'spillway flink',
      'spillway flink --once --seconds 40',
      'spillway flink --once --kill taskmanager --report flink.json',
    ],
    exits: { done: 'every window is exact', not: 'one is not, or the run failed', interrupted: true },
  })
    .option('--once', 'exit after the report: 0 only when it balances', false)
    .option('--json', 'print the report as JSON, and the progress on standard error', false)
    .option('--report <file>', 'write the report (JSON) here')
    .option('--seconds <n>', 'length of the load', number(1, 86_400), 60)
    .option('--rate <n>', 'events per second; see --capacity', number(1, MAX_RATE), 500)
    .option('--peak <n>', 'events per second of the spike', number(1, MAX_RATE), 5_000)
    .option('--spike-seconds <n>', 'length of the spike, which begins at a third of the run', number(0.1, 86_400), 8)
    .option('--poison <share>', 'share of bids, 0 to 1, that the pipeline cannot fold', number(0, 1), 0.001)
    .option('--seed <n>', 'seed of the generated events', integer(0, 2 ** 32 - 1), 1)
    .option('--parallelism <n>', 'subtasks of the job', integer(1, 64), 2)
    .addOption(
      new Option('--mode <mode>', 'when to burst').choices(['auto', 'always', 'never']).default('auto' as const),
    )
    .option('--capacity <n>', 'events per second that the sidecar folds, a multiple of 500', capacity, 2_000)
    .addOption(
      new Option(
        '--kill <what...>',
        'kill these in the spike, one after the other; nothing may be lost by that',
      ).choices([...FAULTS]),
    )
    .option('--away-seconds <n>', 'a killed broker or cloud stays away so long; a cloud also "forever"', away, 5)
    .option('--rescale <n>', 'parallelism from the middle of the spike on, by a savepoint', integer(1, 64))
    .option('--slow-seconds <n>', 'one of six partitions falls so far behind, and three are empty', number(0, 600), 0)
    .option('--kafka-port <port>', 'where the broker listens', integer(1, 65_534), 9092)
    .option(
      '--rest-port <port>',
      "Flink's page and API; its processes take the next four ports",
      integer(1, 65_531),
      8081,
    )
    .option('--data-dir <folder>', 'folder of this run; emptied first', '.spillway/flink')

/** Resolves to the exit code. */
export function main(args: readonly string[], output: Output = TERMINAL): Promise<number> {
  const asked = ask(command(), args, (flags: Flags) => ({ kind: 'run' as const, flags: sensible(flags) }))
  return answer(asked, ({ flags }) => perform(flags, output).catch((error) => explain(error, output)), output)
}

function sensible(flags: Flags): Flags {
  if (flags.awaySeconds !== Number.POSITIVE_INFINITY || !flags.kill?.includes('broker')) return flags
  throw new WrongUsage('A broker that never comes back leaves nothing to check: give --away-seconds a number.')
}

/** Whatever ends it, the processes that it started end before it. */
async function perform({ once, json, report: reportFile, ...options }: Flags, output: Output): Promise<number> {
  const say = json ? output.err : output.out
  ensureJava()
  const children: Stoppable[] = []
  const interrupted = whenInterrupted()
  try {
    const outcome = await Promise.race([runOnFlink(options, children, say), interrupted.then(() => null)])
    if (outcome === null) return INTERRUPTED
    const { report, comparison } = outcome
    if (json) printJson(output, report)
    else say(printFlinkReport(report))
    if (!report.balanced) say(JSON.stringify(comparison, null, 2))
    if (reportFile !== undefined) await writeFile(reportFile, `${JSON.stringify(report, null, 2)}\n`)
    if (!once) {
      say(
        `The job goes on: topic bids in, topic results out, Kafka at 127.0.0.1:${options.kafkaPort}. Ctrl-C stops all.`,
      )
      await interrupted
    }
    return report.balanced ? DONE : NOT_DONE
  } finally {
    for (const child of children.reverse()) await child.stop()
  }
}

function explain(error: Error & { readonly code?: string; readonly retryable?: boolean }, { err }: Output): number {
  const why = error.retryable === undefined ? 'The run failed' : `The run cannot go on (${error.code})`
  err(`${why}: ${error.message}`)
  return NOT_DONE
}
