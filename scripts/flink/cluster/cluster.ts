import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Stoppable } from '../../processes/child'
import { ensureFree } from '../../processes/free-port'
import { type JavaProcess, startJava } from '../../processes/java/java-process'
import { keepRunning } from '../../processes/java/keep-running'
import { CLUSTER_CLASSPATH, JOB_JAR } from '../job-jar'
import {
  configuration,
  JOB_MANAGER_HEAP,
  LOGGING,
  OPENED,
  TASK_MANAGER_HEAP,
  TASK_MANAGER_MEMORY,
} from './cluster-settings'
import { ClusterFailed, FlinkRest, type Job } from './rest'
import { startZooKeeper } from './zookeeper'

/** A Flink cluster on this machine: a JobManager and a TaskManager, a process each. */
export interface Cluster {
  /**
   * Uploads the job jar and starts it, from a savepoint if one is given; resolves when all of its tasks run. Rejects with
   * ClusterFailed.
   */
  submit(args: Readonly<Record<string, string>>, savepointPath?: string): Promise<Job>
  /** Ends the TaskManager without a word, as a crash would; another one is started. */
  killTaskManager(): void
  /** The same for the JobManager of a cluster with high availability: the next one finds the job and goes on with it. */
  killJobManager(): void
  /** Rejects when a JobManager ends that nobody starts again. */
  readonly ended: Promise<never>
}

export interface ClusterOptions {
  readonly folder: string
  /** Of its page and API; the next one is that of its processes, and three more are ZooKeeper's where there is one. */
  readonly restPort: number
  readonly slots: number
  /** Whether the JobManager may be killed: then there is a ZooKeeper, and it is started again. */
  readonly isHighlyAvailable: boolean
}

/** Starts a cluster; what it logs goes to files in the folder. Resolves when all slots are there. */
export async function startCluster(
  { folder, restPort, slots, isHighlyAvailable }: ClusterOptions,
  children: Stoppable[],
  say: (text: string) => void,
): Promise<Cluster> {
  await ensureFree(restPort)
  await ensureFree(restPort + 1)
  const zooKeeperPort = isHighlyAvailable ? restPort + 2 : null
  await writeFile(path.join(folder, 'log4j2.properties'), LOGGING)
  await writeFile(path.join(folder, 'config.yaml'), configuration({ folder, restPort, slots, zooKeeperPort }))
  if (zooKeeperPort !== null) await startZooKeeper({ folder, port: zooKeeperPort }, children)
  const startJobManager = () =>
    startPart(folder, 'entrypoint.StandaloneSessionClusterEntrypoint', 'jobmanager.log', JOB_MANAGER_HEAP)
  const startTaskManager = () =>
    startPart(folder, 'taskexecutor.TaskManagerRunner', 'taskmanager.log', TASK_MANAGER_HEAP, TASK_MANAGER_MEMORY)
  const jobManager = isHighlyAvailable ? keepRunning('JobManager', startJobManager, say) : startJobManager()
  children.push(jobManager)
  const taskManager = keepRunning('TaskManager', startTaskManager, say)
  children.push(taskManager)
  const ended = endOf(jobManager, folder)
  const rest = new FlinkRest(`http://127.0.0.1:${restPort}`, folder)
  const slotsAreThere = async () => (await rest.slots().catch(() => 0)) >= slots // it may not listen yet
  await Promise.race([ended, rest.until('all slots are there', slotsAreThere)])
  return {
    submit: (args, savepointPath) => rest.submit(JOB_JAR, args, savepointPath),
    killTaskManager: () => taskManager.kill(),
    killJobManager: () => jobManager.kill(),
    ended,
  }
}

function startPart(
  folder: string,
  main: string,
  logFile: string,
  heap: readonly string[],
  given: Readonly<Record<string, string>> = {},
): JavaProcess {
  const settings = Object.entries(given).flatMap(([name, value]) => ['-D', `taskmanager.${name}=${value}`])
  return startJava({
    classpath: CLUSTER_CLASSPATH,
    main: `org.apache.flink.runtime.${main}`,
    args: ['--configDir', path.resolve(folder), ...settings],
    options: [...OPENED, ...heap, `-Dlog4j2.configurationFile=${path.resolve(folder, 'log4j2.properties')}`],
    logFile: path.join(folder, logFile),
  })
}

async function endOf(jobManager: object, folder: string): Promise<never> {
  if (!('ended' in jobManager)) return new Promise(() => undefined)
  const code = await jobManager.ended
  throw new ClusterFailed(`the JobManager ended with ${code}; ${path.join(folder, 'jobmanager.log')} says why`)
}
