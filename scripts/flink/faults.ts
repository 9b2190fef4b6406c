import type { Kept } from '../processes/java/keep-running'
import type { Cluster } from './cluster/cluster'
import type { KeptCloud } from './kept-cloud'
import type { StartedSidecar } from './sidecar-process'

/** What can be killed in the middle of a run. */
export const FAULTS = ['sidecar', 'taskmanager', 'jobmanager', 'broker', 'cloud'] as const
export type Fault = (typeof FAULTS)[number]

/** The processes of a run. */
export interface Victims {
  readonly sidecar: Pick<StartedSidecar, 'kill'>
  readonly cluster: Pick<Cluster, 'killTaskManager' | 'killJobManager'>
  readonly broker: Pick<Kept, 'kill'>
  readonly cloud: Pick<KeptCloud, 'kill'>
}

/** What kills one of them with SIGKILL. Broker and cloud stay away for `awayMs`; a cloud can do so for good. */
export function killer(
  what: Fault,
  { sidecar, cluster, broker, cloud }: Victims,
  awayMs: number,
): () => void | Promise<void> {
  switch (what) {
    case 'sidecar':
      return () => sidecar.kill()
    case 'taskmanager':
      return () => cluster.killTaskManager()
    case 'jobmanager':
      return () => cluster.killJobManager()
    case 'broker':
      return () => broker.kill(awayMs)
    case 'cloud':
      return () => cloud.kill(awayMs)
  }
}

/** When each of several things happens: evenly in the spike, never at its edges. Times are ms from the start. */
export const spread = (count: number, startMs: number, lengthMs: number): number[] =>
  Array.from({ length: count }, (_, index) => startMs + (lengthMs * (index + 1)) / (count + 1))
