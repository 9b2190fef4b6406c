import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Stoppable } from '../processes/child'
import { ensureFree } from '../processes/free-port'
import { type JavaProcess, startJava } from '../processes/java/java-process'
import { type Kept, keepRunning } from '../processes/java/keep-running'
import { runMaven } from '../processes/java/maven'

const HOST = '127.0.0.1'
const LIBRARIES = path.resolve('.spillway/kafka/lib')
const POM = path.join(__dirname, 'pom.xml')
const START_TIMEOUT_MS = 60_000
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024 // a window of some ten thousand keys is one message

export const KAFKA_CLASSPATH = `${LIBRARIES}/*`

/** Where a broker keeps its data, and where it listens; its controller takes the next port. */
export interface BrokerOptions {
  readonly folder: string
  readonly port: number
}

/** A broker that did not come up; its log says why. */
export class BrokerFailed extends Error {
  readonly code = 'broker_failed'
  readonly retryable = true
}

/** Fetches Kafka from Maven Central unless it is here. Rejects with MavenFailed. */
export async function ensureKafka(say: (text: string) => void): Promise<void> {
  const here = await readdir(LIBRARIES).catch((): string[] => [])
  if (here.some((name) => name.startsWith('kafka_2.13'))) return
  say('Fetching Kafka 4.3.1 from Maven Central: 92 jars, 54 MB, kept in .spillway/kafka and in ~/.m2.')
  const folder = path.dirname(LIBRARIES)
  await mkdir(folder, { recursive: true })
  await copyFile(POM, path.join(folder, 'pom.xml'))
  await runMaven(folder, ['dependency:copy-dependencies', `-DoutputDirectory=${LIBRARIES}`], say)
}

/** The path of one of Kafka's jars. Rejects with BrokerFailed when it is not there. */
export async function kafkaJar(name: string): Promise<string> {
  const jar = (await readdir(LIBRARIES)).find((file) => file.startsWith(name))
  if (jar === undefined)
    throw new BrokerFailed(`there is no ${name} in ${LIBRARIES}; delete that folder to fetch it again`)
  return path.join(LIBRARIES, jar)
}

/** Starts a broker in KRaft mode on loopback and resolves with its address when it listens. */
export async function startBroker(options: BrokerOptions, children: Stoppable[]): Promise<string> {
  const start = await prepareBroker(options)
  const broker = start()
  children.push(broker)
  return whenItListens(broker, options)
}

/** The same for a broker that is started again, on the same data, whenever it ends. */
export async function keepBroker(
  options: BrokerOptions,
  children: Stoppable[],
  say: (text: string) => void,
): Promise<Kept & { readonly bootstrap: string }> {
  const start = await prepareBroker(options)
  let first: JavaProcess | undefined
  const kept = keepRunning(
    'Kafka broker',
    () => {
      const broker = start()
      first ??= broker
      return broker
    },
    say,
  )
  children.push(kept)
  return { ...kept, bootstrap: await whenItListens(first!, options) }
}

/** Prepares the data of a broker, unless they are there; what it returns starts it. */
async function prepareBroker({ folder, port }: BrokerOptions): Promise<() => JavaProcess> {
  await ensureFree(port)
  await ensureFree(port + 1)
  const data = path.resolve(folder, 'data')
  const settings = path.resolve(folder, 'server.properties')
  const logFile = logFileIn(folder)
  await mkdir(data, { recursive: true })
  await writeFile(settings, properties(data, port))
  await writeFile(path.join(folder, 'log4j2.properties'), LOGGING)
  const options = ['-Xmx512m', `-Dlog4j2.configurationFile=${path.resolve(folder, 'log4j2.properties')}`]
  if (!(await readdir(data)).includes('meta.properties')) {
    const args = ['format', '-t', 'spillway-local-kafka-0', '-c', settings]
    const format = startJava({ classpath: KAFKA_CLASSPATH, main: 'kafka.tools.StorageTool', args, options, logFile })
    if ((await format.ended) !== 0) throw new BrokerFailed(`${data} cannot be prepared; ${logFile} says why`)
  }
  return () => startJava({ classpath: KAFKA_CLASSPATH, main: 'kafka.Kafka', args: [settings], options, logFile })
}

async function whenItListens(broker: JavaProcess, { folder, port }: BrokerOptions): Promise<string> {
  await whenListens('Kafka', broker, port, logFileIn(folder))
  return `${HOST}:${port}`
}

/** Waits until a process listens on a port of this machine. Rejects with BrokerFailed when it ends before, or takes long. */
export async function whenListens(name: string, server: JavaProcess, port: number, logFile: string): Promise<void> {
  let isOver = false
  void server.ended.then(() => {
    isOver = true
  })
  const deadlineMs = performance.now() + START_TIMEOUT_MS
  while (!(await answers(port))) {
    if (isOver) throw new BrokerFailed(`${name} ended before it listened; ${logFile} says why`)
    if (performance.now() > deadlineMs) throw new BrokerFailed(`${name} does not listen after a minute; see ${logFile}`)
    await sleep(200)
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, HOST)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

const logFileIn = (folder: string) => path.resolve(folder, 'broker.log')

const properties = (data: string, port: number) => `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@${HOST}:${port + 1}
listeners=PLAINTEXT://${HOST}:${port},CONTROLLER://${HOST}:${port + 1}
advertised.listeners=PLAINTEXT://${HOST}:${port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=${data}
message.max.bytes=${MAX_MESSAGE_BYTES}
replica.fetch.max.bytes=${MAX_MESSAGE_BYTES}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
`

const LOGGING = `rootLogger.level=warn
rootLogger.appenderRef.console.ref=console
appender.console.type=Console
appender.console.name=console
appender.console.target=SYSTEM_ERR
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%d %p %c{1}: %m%n%ex
`
