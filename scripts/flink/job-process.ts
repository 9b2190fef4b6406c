import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type JavaProcess, startJava } from '../java/java-process'
import { JOB_CLASSPATH } from './job-jar'

/** The job in a process of its own: JobManager and TaskManager in one. */
export interface JobOptions {
  readonly folder: string
  readonly pipeline: string
  readonly bootstrap: string
  readonly topic: string
  readonly results: string
  /** Address of the sidecar. */
  readonly sidecar: string
  readonly parallelism: number
  readonly restPort: number
}

/** Modules that Flink reaches into on Java 17, as its own scripts open them. */
const OPENED = ['lang', 'net', 'io', 'nio', 'lang.reflect', 'text', 'time', 'util', 'util.concurrent'].map(
  (name) => `--add-opens=java.base/java.${name}=ALL-UNNAMED`,
)

/** Starts the job; what it logs goes to `job.log` in the folder. */
export async function startJob(options: JobOptions): Promise<JavaProcess> {
  const { folder, restPort, ...rest } = options
  const logging = path.resolve(folder, 'job-log4j2.properties')
  await writeFile(logging, LOGGING)
  const given = {
    pipeline: rest.pipeline,
    bootstrap: rest.bootstrap,
    topic: rest.topic,
    results: rest.results,
    sidecar: rest.sidecar,
    parallelism: String(rest.parallelism),
    'rest-port': String(restPort),
    'checkpoint-ms': '2000',
    'checkpoint-dir': `file://${path.resolve(folder, 'checkpoints')}`,
  }
  return startJava({
    classpath: JOB_CLASSPATH,
    main: 'spillway.SpillwayJob',
    args: Object.entries(given).flatMap(([name, value]) => [`--${name}`, value]),
    options: ['-Xmx768m', ...OPENED, `-Dlog4j2.configurationFile=${logging}`],
    logFile: path.resolve(folder, 'job.log'),
  })
}

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
