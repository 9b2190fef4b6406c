import { BurstSender } from '../../edge-node/burst-sender'
import { Finisher } from '../../edge-node/finisher'
import { HeadWatcher } from '../../edge-node/head-watcher'
import { LogFailed } from '../../edge-node/log'
import { EdgeNode } from '../../edge-node/node'
import type { Sequel } from '../../edge-node/sequel'
import { Workers } from '../../edge-node/workers'
import { around } from './around'

type Task = (...args: unknown[]) => Promise<unknown>

/** What runs in the background of the node. An error there ends the process, by way of an unhandled rejection; here it ends the world. */
const BACKGROUND = [
  [Workers, 'fold'],
  [HeadWatcher, 'round'],
  [BurstSender, 'put'],
  [Finisher, 'run'],
  [EdgeNode, 'recall'],
] as const

/** Until undone, `onBug` hears of errors that would end the edge's process. */
export function catchBugs(onBug: (error: unknown) => void): () => void {
  const undo = BACKGROUND.map(([owner, name]) =>
    around<Task>(owner.prototype, name, (original) => function (this: { readonly stopped?: boolean }, ...args) {
      return original.apply(this, args).catch((error: unknown) => {
        if (this.stopped || error instanceof LogFailed) throw error
        onBug(error)
        return new Promise(() => undefined)
      })
    } as Task),
  )
  const append = around<(records: unknown, after: Sequel) => unknown>(EdgeNode.prototype, 'append', (original) =>
    function (this: never, records, { proceed, ...after }) {
      const guarded = () => {
        try {
          proceed?.()
        } catch (error) {
          onBug(error)
        }
      }
      return original.call(this, records, proceed === undefined ? after : { ...after, proceed: guarded })
    },
  )
  return () => {
    for (const each of [...undo, append]) each()
  }
}
