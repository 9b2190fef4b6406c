/** `spillway kafka`: a Kafka broker on this machine. */
import { mkdir } from 'node:fs/promises'
import { withFlags } from '../command-line/ask'
import { DONE, NOT_DONE } from '../command-line/exit-codes'
import { integer } from '../command-line/flags'
import { newCommand } from '../command-line/new-command'
import { type Output, TERMINAL } from '../command-line/output'
import type { Stoppable } from '../processes/child'
import { whenInterrupted } from '../processes/interrupted'
import { ensureJava } from '../processes/java/toolchain'
import { ensureKafka, startBroker } from './broker'

interface Flags {
  readonly port: number
  readonly dataDir: string
}

const command = () =>
  newCommand({
    name: 'kafka',
    about: 'Starts a Kafka broker (KRaft, one node) on this machine. The first time it is fetched: 54 MB.',
    notes: 'It needs a JDK (17 or later) and Maven. Ctrl-C stops it.',
    examples: ['spillway kafka', 'spillway kafka --port 9192 --data-dir .spillway/kafka-2'],
    exits: { done: 'it ran until it was stopped', not: 'it could not start, with the reason' },
  })
    .option(
      '--port <port>',
      'where it listens on 127.0.0.1; its controller takes the next one',
      integer(1, 65_534),
      9092,
    )
    .option('--data-dir <folder>', 'folder of its topics', '.spillway/kafka')

/** Resolves to the exit code when the broker has ended. */
export const main = (args: readonly string[], output: Output = TERMINAL): Promise<number> =>
  withFlags<Flags>(command(), args, (flags) => run(flags, output.out).catch((error) => explain(error, output)), output)

async function run({ port, dataDir }: Flags, say: Output['out']): Promise<number> {
  const children: Stoppable[] = []
  try {
    ensureJava()
    await ensureKafka(say)
    await mkdir(dataDir, { recursive: true })
    const bootstrap = await startBroker({ folder: dataDir, port }, children)
    say(`Kafka listens at ${bootstrap}; its data are in ${dataDir}. Ctrl-C stops it.`)
    await whenInterrupted()
    return DONE
  } finally {
    for (const child of children.reverse()) await child.stop()
  }
}

function explain(error: Error & { readonly code?: string; readonly retryable?: boolean }, { err }: Output): number {
  if (error.retryable === undefined) throw error
  err(`Kafka cannot start (${error.code}): ${error.message}`)
  return NOT_DONE
}
