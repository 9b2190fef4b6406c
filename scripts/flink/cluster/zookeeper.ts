import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { kafkaJar, whenListens } from '../../kafka/broker'
import type { Stoppable } from '../../processes/child'
import { ensureFree } from '../../processes/free-port'
import { startJava } from '../../processes/java/java-process'
import { CLUSTER_CLASSPATH } from '../job-jar'

/** Where ZooKeeper keeps its data, and where it listens on loopback. */
export interface ZooKeeperOptions {
  readonly folder: string
  readonly port: number
}

const TICK_MS = 1_000
/** A JobManager that is gone loses its leadership after this: the next one has to wait for it. At least two ticks. */
export const SESSION_TIMEOUT_MS = 5_000

/** Starts the ZooKeeper that comes with Flink: it tells a JobManager that is started again which jobs there are. */
export async function startZooKeeper({ folder, port }: ZooKeeperOptions, children: Stoppable[]): Promise<void> {
  await ensureFree(port)
  const data = path.resolve(folder, 'zookeeper')
  await mkdir(data, { recursive: true })
  const settings = path.resolve(folder, 'zoo.cfg')
  await writeFile(settings, configuration(data, port))
  const server = startJava({
    classpath: `${CLUSTER_CLASSPATH}:${await kafkaJar('snappy-java')}`, // ZooKeeper does not start without it
    main: 'org.apache.flink.runtime.zookeeper.FlinkZooKeeperQuorumPeer',
    args: ['--zkConfigFile', settings, '--peerId', '1'],
    options: ['-Xmx64m', '-Dzookeeper.admin.enableServer=false', `-Dlog4j2.configurationFile=${logging(folder)}`],
    logFile: path.join(folder, 'zookeeper.log'),
  })
  children.push(server)
  await whenListens('ZooKeeper', server, port, path.resolve(folder, 'zookeeper.log'))
}

const logging = (folder: string) => path.resolve(folder, 'log4j2.properties')

const configuration = (data: string, port: number) => `dataDir=${data}
tickTime=${TICK_MS}
initLimit=10
syncLimit=5
clientPort=${port}
clientPortAddress=127.0.0.1
server.1=127.0.0.1:${port + 1}:${port + 2}
`
