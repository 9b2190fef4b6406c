/** The process that folds for the sidecar: `fold-process-main.ts MODULE`. Watched by `fold-process.ts`. */
import { machineTimers } from '../../../cloud/timers'
import type { Pipeline } from '../../../core/pipeline/pipeline'
import { foldEnvelope } from '../../../core/protocol/fold'
import { pipelineIn } from '../../../program/program'
import { thrownAt } from '../../../program/thrown-at'
import { packPanes } from '../windows'
import type { FoldNews, FoldOrder } from './fold-orders'

const BEAT_MS = 250
const PROGRESS_EVERY_MS = 50 // as often as the router looks; each is a message

const tell = (news: FoldNews): void => void process.send?.(news)

function main(module: string): void {
  const pipeline = pipelineIn(module)
  process.on('message', (order: FoldOrder) => void answer(pipeline, order))
  process.on('disconnect', () => process.exit(0))
  setInterval(() => tell({ kind: 'beat' }), BEAT_MS)
  tell({ kind: 'ready' })
}

async function answer(pipeline: Pipeline, { id, envelope }: FoldOrder): Promise<void> {
  const { panes, deadLetters } = await foldEnvelope(pipeline, envelope, {
    timers: machineTimers,
    placeOf: thrownAt,
    onProgress: progressOf(id),
  })
  await new Promise(setImmediate) // a promise that `map` left rejected ends this process before it has said so
  tell({ kind: 'folded', id, panes: packPanes(pipeline, panes), deadLetters })
}

function progressOf(id: number): (events: number) => void {
  let untold = 0
  let toldMs = performance.now()
  return (events) => {
    untold += events
    if (performance.now() - toldMs < PROGRESS_EVERY_MS) return
    toldMs = performance.now()
    tell({ kind: 'progress', id, events: untold })
    untold = 0
  }
}

main(process.argv[2]!)
