import { createInterface } from 'node:readline'
import type { Writable } from 'node:stream'
import { type JavaProcess, startJava } from '../processes/java/java-process'
import { BrokerFailed, KAFKA_CLASSPATH } from './broker'

/** Kafka's own commands write and read topics: they are here already, and no client of Node is kept up as well. */
export interface Kafka {
  readonly bootstrap: string
  /** File for what they print. */
  readonly logFile: string
}

/** A record stays with its producer, and is tried again, for longer than any broker here is away. */
const DELIVERY_TIMEOUT_MS = 600_000
const MAX_INT = 2_147_483_647

const SMALL = ['-Xmx256m', '-XX:TieredStopAtLevel=1']

/** Makes a topic. Rejects with BrokerFailed, also when there is one of that name. */
export async function createTopic({ bootstrap, logFile }: Kafka, topic: string, partitions: number): Promise<void> {
  const args = ['--create', '--topic', topic, '--partitions', String(partitions), '--bootstrap-server', bootstrap]
  const main = 'org.apache.kafka.tools.TopicCommand'
  const code = await startJava({ classpath: KAFKA_CLASSPATH, main, args, options: SMALL, logFile }).ended
  if (code !== 0) throw new BrokerFailed(`topic ${topic} cannot be made; ${logFile} says why`)
}

/**
 * A producer that takes a record a line; it ends, with all of them acknowledged, when its input ends. With `isKeyed` a
 * line begins with the key of the record and a tab.
 */
export function startProducer(
  { bootstrap, logFile }: Kafka,
  topic: string,
  isKeyed = false,
): JavaProcess & { readonly stdin: Writable } {
  const properties = {
    'enable.idempotence': true,
    acks: 'all',
    'delivery.timeout.ms': DELIVERY_TIMEOUT_MS,
  }
  const given = Object.entries(properties).flatMap(([name, value]) => ['--command-property', `${name}=${value}`])
  const patience = ['--max-block-ms', String(DELIVERY_TIMEOUT_MS), '--message-send-max-retries', String(MAX_INT)]
  const keys = isKeyed ? ['--reader-property', 'parse.key=true'] : []
  const args = ['--topic', topic, '--bootstrap-server', bootstrap, '--timeout', '5', ...patience, ...given, ...keys]
  const main = 'org.apache.kafka.tools.ConsoleProducer'
  return startJava({ classpath: KAFKA_CLASSPATH, main, args, options: SMALL, logFile })
}

/**
 * Reads the committed records of a topic with one partition from its beginning, each once, as they come, until it is
 * stopped. It has no group, so that it knows by itself how far it is when the broker comes back.
 */
export function startReader(
  { bootstrap, logFile }: Kafka,
  topic: string,
  onRecord: (record: string) => void,
): JavaProcess {
  const from = ['--partition', '0', '--offset', 'earliest', '--isolation-level', 'read_committed']
  const args = ['--topic', topic, '--bootstrap-server', bootstrap, ...from]
  const main = 'org.apache.kafka.tools.consumer.ConsoleConsumer'
  const reader = startJava({ classpath: KAFKA_CLASSPATH, main, args, options: SMALL, logFile, keepOutput: true })
  createInterface(reader.stdout).on('line', onRecord)
  return reader
}
