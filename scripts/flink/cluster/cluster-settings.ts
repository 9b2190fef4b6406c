import path from 'node:path'
import { SESSION_TIMEOUT_MS } from './zookeeper'

const HOST = '127.0.0.1'

/** Modules that Flink reaches into on Java 17, as its own scripts open them. */
export const OPENED = [
  ...['lang', 'net', 'io', 'nio', 'lang.reflect', 'text', 'time', 'util'].map((name) => `java.base/java.${name}`),
  ...['concurrent', 'concurrent.atomic', 'concurrent.locks'].map((name) => `java.base/java.util.${name}`),
  'java.base/sun.nio.ch',
].map((name) => `--add-opens=${name}=ALL-UNNAMED`)

/** Without Flink's scripts a TaskManager has to be told every part of its memory. */
export const TASK_MANAGER_MEMORY = {
  'cpu.cores': '2',
  'memory.framework.heap.size': '128m',
  'memory.task.heap.size': '384m',
  'memory.framework.off-heap.size': '128m',
  'memory.task.off-heap.size': '64m',
  'memory.network.min': '64m',
  'memory.network.max': '64m',
  'memory.managed.size': '64m',
  'memory.jvm-metaspace.size': '256m',
  'memory.jvm-overhead.min': '192m',
  'memory.jvm-overhead.max': '192m',
}
export const TASK_MANAGER_HEAP = ['-Xmx512m', '-XX:MaxDirectMemorySize=256m']
export const JOB_MANAGER_HEAP = ['-Xmx448m']

/** What a cluster's settings depend on. */
export interface ClusterSettings {
  readonly folder: string
  readonly restPort: number
  readonly slots: number
  /** Port of ZooKeeper; null for a JobManager that nobody starts again. */
  readonly zooKeeperPort: number | null
}

/** Flink's config.yaml. */
export const configuration = ({ folder, restPort, slots, zooKeeperPort }: ClusterSettings) => `jobmanager:
  rpc:
    address: ${HOST}
    port: ${restPort + 1}
  bind-host: ${HOST}
  memory:
    process:
      size: 1g
rest:
  port: ${restPort}
  address: ${HOST}
  bind-address: ${HOST}
taskmanager:
  host: ${HOST}
  bind-host: ${HOST}
  numberOfTaskSlots: ${slots}
heartbeat:
  interval: 2000
  timeout: 10000
cluster:
  registration:
    error-delay: 1000
restart-strategy:
  type: fixed-delay
  fixed-delay:
    attempts: 20
    delay: 1 s
execution:
  checkpointing:
    dir: file://${path.resolve(folder, 'checkpoints')}
metrics:
  fetcher:
    update-interval: 200
web:
  upload:
    dir: ${path.resolve(folder, 'uploads')}
${zooKeeperPort === null ? '' : highAvailability(folder, restPort, zooKeeperPort)}`

const highAvailability = (folder: string, restPort: number, zooKeeperPort: number) => `high-availability:
  type: zookeeper
  storageDir: file://${path.resolve(folder, 'high-availability')}
  jobmanager:
    port: ${restPort + 1}
  zookeeper:
    quorum: ${HOST}:${zooKeeperPort}
    client:
      session-timeout: ${SESSION_TIMEOUT_MS}
      connection-timeout: ${SESSION_TIMEOUT_MS}
`

export const LOGGING = `rootLogger.level=info
rootLogger.appenderRef.console.ref=console
logger.kafka.name=org.apache.kafka
logger.kafka.level=warn
appender.console.type=Console
appender.console.name=console
appender.console.target=SYSTEM_ERR
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%d %p %c{1}: %m%n%ex
`
