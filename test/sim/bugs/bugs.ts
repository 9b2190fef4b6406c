import { HeadWatcher } from '../../../edge-node/burst/head-watcher'
import { InvokeSender } from '../../../edge-node/burst/invoke-sender'
import { BurstSender } from '../../../edge-node/burst/stream-sender'
import { Finisher } from '../../../edge-node/closing/closing'
import { Folding } from '../../../edge-node/fold/fold'
import { Workers } from '../../../edge-node/fold/workers'
import { Appender } from '../../../edge-node/ingest/appender'
import type { LogStep } from '../../../edge-node/ingest/cutter'
import { LogFailed } from '../../../edge-node/log/log'
import type { Mutation } from '../context'
import { around, together } from '../random'
import { CLOUD_MUTATIONS } from './mutations-cloud'
import { EDGE_MUTATIONS } from './mutations-edge'
import { LOG_MUTATIONS } from './mutations-log'

export const MUTATIONS: readonly Mutation[] = [...CLOUD_MUTATIONS, ...EDGE_MUTATIONS, ...LOG_MUTATIONS]

/**
 * What runs in the background of the node. An error there ends the process, by way of an unhandled rejection; here it
 * ends the world.
 */
const BACKGROUND = [
  [Workers, 'fold'],
  [HeadWatcher, 'round'],
  [BurstSender, 'put'],
  [InvokeSender, 'call'],
  [Finisher, 'run'],
  [Folding, 'recall'],
] as const

type Task = (...args: never[]) => Promise<unknown>
type Append = (records: unknown, after: LogStep) => unknown

/** Until undone, `onBug` hears of errors that would end the edge's process. */
export function catchBugs(onBug: (error: unknown) => void): () => void {
  const tasks = BACKGROUND.map(([owner, name]) =>
    around<Task, { readonly stopped?: boolean }>(owner.prototype, name, (original, self, args) =>
      original(...args).catch((error: unknown) => {
        if (self.stopped || error instanceof LogFailed) throw error
        onBug(error)
        return new Promise(() => undefined) // the process has ended
      }),
    ),
  )
  const append = around<Append>(Appender.prototype, 'append', (original, _self, [records, after]) =>
    original(records, after.proceed === undefined ? after : { ...after, proceed: guarded(after.proceed, onBug) }),
  )
  return together(...tasks, append)
}

function guarded(proceed: () => void, onBug: (error: unknown) => void): () => void {
  return () => {
    try {
      proceed()
    } catch (error) {
      onBug(error)
    }
  }
}
