import { createInterface } from 'node:readline'
import type { Writable } from 'node:stream'
import { type JavaProcess, startJava } from '../java/java-process'
import { BrokerFailed, KAFKA_CLASSPATH } from './broker'

/** Kafka's own commands write and read topics: they are here already, and no client of Node is kept up as well. */
export interface Kafka {
  readonly bootstrap: string
  /** File for what they print. */
  readonly logFile: string
}

const SMALL = ['-Xmx256m', '-XX:TieredStopAtLevel=1']

/** Makes a topic. Rejects with BrokerFailed, also when there is one of that name. */
export async function createTopic({ bootstrap, logFile }: Kafka, topic: string, partitions: number): Promise<void> {
  const args = ['--create', '--topic', topic, '--partitions', String(partitions), '--bootstrap-server', bootstrap]
  const main = 'org.apache.kafka.tools.TopicCommand'
  const code = await startJava({ classpath: KAFKA_CLASSPATH, main, args, options: SMALL, logFile }).ended
  if (code !== 0) throw new BrokerFailed(`topic ${topic} cannot be made; ${logFile} says why`)
}

/** A producer that takes a record a line; it ends, with all of them acknowledged, when its input ends. */
export function startProducer(
  { bootstrap, logFile }: Kafka,
  topic: string,
): JavaProcess & { readonly stdin: Writable } {
  const batching = ['--timeout', '5', '--command-property', 'enable.idempotence=true', '--command-property', 'acks=all']
  const args = ['--topic', topic, '--bootstrap-server', bootstrap, ...batching]
  const main = 'org.apache.kafka.tools.ConsoleProducer'
  return startJava({ classpath: KAFKA_CLASSPATH, main, args, options: SMALL, logFile })
}

/** Reads the committed records of a topic from its beginning, as they come, until it is stopped. */
export function startReader(
  { bootstrap, logFile }: Kafka,
  topic: string,
  onRecord: (record: string) => void,
): JavaProcess {
  const committed = ['--from-beginning', '--isolation-level', 'read_committed']
  const args = ['--topic', topic, '--bootstrap-server', bootstrap, ...committed]
  const main = 'org.apache.kafka.tools.consumer.ConsoleConsumer'
  const reader = startJava({ classpath: KAFKA_CLASSPATH, main, args, options: SMALL, logFile, keepOutput: true })
  createInterface(reader.stdout).on('line', onRecord)
  return reader
}
