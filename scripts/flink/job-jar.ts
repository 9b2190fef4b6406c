import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { runMaven } from '../processes/java/maven'

export const MODULE = path.resolve(__dirname, '../../flink')
export const JOB_JAR = path.join(MODULE, 'target/spillway-flink.jar')

/** What a cluster has and the job jar leaves out. */
const CLUSTER_LIBRARIES = path.join(MODULE, 'target/lib')

export const CLUSTER_CLASSPATH = `${CLUSTER_LIBRARIES}/*`

/** Builds the job jar. Rejects with MavenFailed. */
export async function packageJob(say: (text: string) => void): Promise<void> {
  say('Building the job jar; the first time Maven fetches Flink 2.2.1 and its Kafka connector: 90 MB, kept in ~/.m2.')
  await runMaven(MODULE, ['package', '-Dmaven.test.skip=true'], say)
}

/** Builds the job jar unless it is newer than all that it is made of. */
export async function ensureJobPackaged(say: (text: string) => void): Promise<void> {
  const built = await stat(JOB_JAR).catch(() => null)
  const libraries = await readdir(CLUSTER_LIBRARIES).catch((): string[] => [])
  if (built === null || libraries.length === 0 || (await newestSourceMs()) > built.mtimeMs) await packageJob(say)
}

async function newestSourceMs(): Promise<number> {
  const sources = path.join(MODULE, 'src/main')
  const names = await readdir(sources, { recursive: true })
  const files = [path.join(MODULE, 'pom.xml'), ...names.map((name) => path.join(sources, name))]
  return Math.max(...(await Promise.all(files.map(async (file) => (await stat(file)).mtimeMs))))
}
