import type { Capacity } from '../../core/capacity'

/** What a deployment begins with. */
export const DEPLOYED: Capacity = {
  stream: 'provisioned',
  shards: 2,
  parallelization: 4,
  consumer: 'fan-out',
  warmMiBps: 0,
  isUpdating: false,
}
