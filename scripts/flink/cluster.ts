import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type JavaProcess, startJava } from '../java/java-process'
import { ensureFree } from '../start/free-port'
import { CLUSTER_CLASSPATH, JOB_JAR } from './job-jar'

/** A Flink cluster on this machine: a JobManager and a TaskManager, a process each. */
export interface Cluster {
  /** Uploads the job jar and starts it; resolves when all of its tasks run. Rejects with ClusterFailed. */
  submit(args: Readonly<Record<string, string>>): Promise<void>
  /** Ends the TaskManager without a word, as a crash would; another one is started. */
  killTaskManager(): void
  /** Rejects when the JobManager ends. */
  readonly ended: Promise<never>
}

export interface ClusterOptions {
  readonly folder: string
  /** Of its page and API; the next port is that of its processes among themselves. */
  readonly restPort: number
  readonly slots: number
}

/** Flink does not do what it should; its logs say why. */
export class ClusterFailed extends Error {
  readonly code = 'flink_failed'
  readonly retryable = true
}

const HOST = '127.0.0.1'
const START_TIMEOUT_MS = 120_000

/** Modules that Flink reaches into on Java 17, as its own scripts open them. */
const OPENED = [
  ...['lang', 'net', 'io', 'nio', 'lang.reflect', 'text', 'time', 'util'].map((name) => `java.base/java.${name}`),
  ...['concurrent', 'concurrent.atomic', 'concurrent.locks'].map((name) => `java.base/java.util.${name}`),
  'java.base/sun.nio.ch',
].map((name) => `--add-opens=${name}=ALL-UNNAMED`)

/** Without Flink's scripts a TaskManager has to be told every part of its memory. */
const MEMORY = {
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
const TASK_MANAGER_HEAP = ['-Xmx512m', '-XX:MaxDirectMemorySize=256m']
const JOB_MANAGER_HEAP = ['-Xmx448m']

/** Starts a cluster; what it logs goes to files in the folder. Resolves when all slots are there. */
export async function startCluster(
  { folder, restPort, slots }: ClusterOptions,
  children: { stop(): Promise<void> }[],
  say: (text: string) => void,
): Promise<Cluster> {
  await ensureFree(restPort)
  await ensureFree(restPort + 1)
  const logging = path.resolve(folder, 'log4j2.properties')
  await writeFile(logging, LOGGING)
  await writeFile(path.join(folder, 'config.yaml'), configuration(folder, restPort, slots))
  const start = (
    main: string,
    logFile: string,
    heap: readonly string[],
    given: Readonly<Record<string, string>> = {},
  ) =>
    startJava({
      classpath: CLUSTER_CLASSPATH,
      main: `org.apache.flink.runtime.${main}`,
      args: [
        ...['--configDir', path.resolve(folder)],
        ...Object.entries(given).flatMap(([name, value]) => ['-D', `taskmanager.${name}=${value}`]),
      ],
      options: [...OPENED, ...heap, `-Dlog4j2.configurationFile=${logging}`],
      logFile: path.join(folder, logFile),
    })
  const jobManager = start('entrypoint.StandaloneSessionClusterEntrypoint', 'jobmanager.log', JOB_MANAGER_HEAP)
  const startTaskManager = () => start('taskexecutor.TaskManagerRunner', 'taskmanager.log', TASK_MANAGER_HEAP, MEMORY)
  let isStopped = false
  let taskManager: JavaProcess = startTaskManager()
  const watch = async (watched: JavaProcess) => {
    await watched.ended
    if (isStopped) return
    say('   the TaskManager has ended; another one is started')
    taskManager = startTaskManager()
    void watch(taskManager)
  }
  children.push({
    stop: async () => {
      isStopped = true
      await Promise.all([taskManager.stop(), jobManager.stop()])
    },
  })
  void watch(taskManager)
  const ended = jobManager.ended.then((code) => {
    throw new ClusterFailed(`the JobManager ended with ${code}; ${path.join(folder, 'jobmanager.log')} says why`)
  })
  const url = `http://${HOST}:${restPort}`
  await Promise.race([ended, until('all slots are there', folder, async () => (await slotsOf(url)) >= slots)])
  return {
    submit: (args) => submit(url, folder, args),
    killTaskManager: () => taskManager.kill(),
    ended,
  }
}

async function submit(url: string, folder: string, args: Readonly<Record<string, string>>): Promise<void> {
  const form = new FormData()
  form.append('jarfile', new Blob([await readFile(JOB_JAR)]), path.basename(JOB_JAR))
  const { filename } = (await answerOf(`${url}/jars/upload`, { method: 'POST', body: form })) as { filename: string }
  const programArgsList = Object.entries(args).flatMap(([name, value]) => [`--${name}`, value])
  const run = {
    method: 'POST',
    body: JSON.stringify({ programArgsList }),
    headers: { 'content-type': 'application/json' },
  }
  const { jobid } = (await answerOf(`${url}/jars/${path.basename(filename)}/run`, run)) as { jobid: string }
  await until('all tasks run', folder, async () => {
    const { vertices } = (await answerOf(`${url}/jobs/${jobid}`)) as { vertices: { status: string }[] }
    return vertices.every(({ status }) => status === 'RUNNING')
  })
}

const slotsOf = (url: string): Promise<number> =>
  answerOf(`${url}/overview`).then(
    (overview) => (overview as { 'slots-total': number })['slots-total'],
    () => 0, // it does not listen yet
  )

async function answerOf(url: string, request: RequestInit = {}): Promise<unknown> {
  const answer = await fetch(url, request)
  if (answer.ok) return answer.json()
  throw new ClusterFailed(`Flink answers ${url} with ${answer.status}: ${(await answer.text()).slice(0, 1_000)}`)
}

async function until(what: string, folder: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + START_TIMEOUT_MS
  while (!(await isSo())) {
    if (performance.now() > deadlineMs) {
      throw new ClusterFailed(`Flink was given two minutes until ${what}; see the logs in ${folder}`)
    }
    await sleep(300)
  }
}

const configuration = (folder: string, restPort: number, slots: number) => `jobmanager:
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
`

const LOGGING = `rootLogger.level=info
rootLogger.appenderRef.console.ref=console
logger.kafka.name=org.apache.kafka
logger.kafka.level=warn
appender.console.type=Console
appender.console.name=console
appender.console.target=SYSTEM_ERR
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%d %p %c{1}: %m%n%ex
`
