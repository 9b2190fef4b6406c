import { burstAgainstBackPressure, isAtRest, loadTrial } from './loads'
import { parallelismTrial } from './parallelism'
import type { Trial } from './trial'

const FOR_GOOD = Number.POSITIVE_INFINITY

/** What must hold of the job on Flink. */
export const TRIALS: readonly Trial[] = [
  loadTrial(
    { name: 'calm', about: 'a spike: bursting ends with the lag, and the cloud stands still after it' },
    {},
    isAtRest,
  ),
  loadTrial({ name: 'sidecar', about: 'SIGKILL of the sidecar in the spike' }, { kill: ['sidecar'] }),
  loadTrial({ name: 'taskmanager', about: 'SIGKILL of the TaskManager in the spike' }, { kill: ['taskmanager'] }),
  loadTrial(
    {
      name: 'jobmanager',
      about: 'SIGKILL of the JobManager in the spike; the next one takes the job over',
      isShort: true,
    },
    { kill: ['jobmanager'] },
  ),
  loadTrial(
    { name: 'broker', about: 'SIGKILL of the Kafka broker in the spike; it comes back after 5 s', isShort: true },
    { kill: ['broker'] },
  ),
  loadTrial(
    { name: 'cloud', about: 'SIGKILL of the cloud in the spike; an empty one comes after 5 s' },
    { kill: ['cloud'] },
  ),
  loadTrial(
    { name: 'no-cloud', about: 'SIGKILL of the cloud in the spike; it stays away' },
    { kill: ['cloud'], awaySeconds: FOR_GOOD },
  ),
  loadTrial(
    { name: 'rescale', about: 'from parallelism 2 to 4 by a savepoint in the spike, in mid-window' },
    { rescale: 4 },
  ),
  loadTrial(
    {
      name: 'partitions',
      about: 'three empty partitions, and one that falls 15 s behind: all windows close, nothing is late',
    },
    { slowSeconds: 15 },
  ),
  parallelismTrial,
  burstAgainstBackPressure,
]
