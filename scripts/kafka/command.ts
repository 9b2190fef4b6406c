/** `npm run kafka`: a Kafka broker on this machine. */
import { mkdir } from 'node:fs/promises'
import { Command } from 'commander'
import { integer } from '../command-line/flags'
import { readFlags } from '../command-line/read-flags'
import type { Stoppable } from '../processes/child'
import { whenInterrupted } from '../processes/interrupted'
import { ensureJava } from '../processes/java/toolchain'
import { ensureKafka, startBroker } from './broker'

interface Flags {
  readonly port: number
  readonly dataDir: string
}

const say = (text: string) => console.log(text)

const command = () =>
  new Command('kafka')
    .description('Starts a Kafka broker (KRaft, one node) on this machine. The first time it is fetched: 54 MB.')
    .option(
      '--port <port>',
      'where it listens on 127.0.0.1; its controller takes the next one',
      integer(1, 65_534),
      9092,
    )
    .option('--data-dir <folder>', 'folder of its topics', '.spillway/kafka')
    .allowExcessArguments(false)

async function main(): Promise<number> {
  const read = readFlags<Flags>(command(), process.argv.slice(2))
  if (read.kind === 'help') {
    process.stdout.write(read.text)
    return 0
  }
  if (read.kind === 'wrong') {
    console.error(`${read.message} See --help.`)
    return 2
  }
  const { port, dataDir } = read.flags
  const children: Stoppable[] = []
  try {
    ensureJava()
    await ensureKafka(say)
    await mkdir(dataDir, { recursive: true })
    const bootstrap = await startBroker({ folder: dataDir, port }, children)
    say(`Kafka listens at ${bootstrap}; its data are in ${dataDir}. Ctrl-C stops it.`)
    await whenInterrupted()
    return 0
  } finally {
    for (const child of children.reverse()) await child.stop()
  }
}

main()
  .catch((error: Error & { code?: string; retryable?: boolean }) => {
    if (error.retryable === undefined) throw error
    console.error(`Kafka cannot start (${error.code}): ${error.message}`)
    return 1
  })
  .then((code) => process.exit(code))
