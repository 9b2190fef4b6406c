/** The process that folds what may end it: `process.ts MODULE`. Started and watched by `fold-apart.ts`. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { machineTimers } from '../../../cloud/timers'
import { messageOf } from '../../../core/pipeline/aggregate'
import type { Pipeline } from '../../../core/pipeline/pipeline'
import type { Envelope } from '../../../core/protocol/envelope'
import { type DeadLetter, type FoldTerms, foldEnvelope } from '../../../core/protocol/fold'
import { emptyPartial, encodePartial, mergePartial, type Partial } from '../../../core/protocol/partial'
import { pipelineIn } from '../../../program/program'
import { thrownAt } from '../../../program/thrown-at'
import type { Killer, Order, SentPane, Told } from './messages'

const SETTLE_MS = 500 // to wait for what an envelope leaves behind; what comes later hits this process and not the node
// the same after each event; a pipeline that keeps a timer or a connection open waits for all of it
const SETTLE_EVENT_MS = 50
const PROGRESS_EVERY_MS = 100 // each is a message

/** The event whose `map` is at work, also in timers and promises that it left behind. */
const origin = new AsyncLocalStorage<number>()
let killers: Killer[] = []
let newest: number | null = null

const tell = (told: Told): Promise<void> => new Promise((resolve) => process.send?.(told, () => resolve()))

function onLate(error: unknown): void {
  killers.push({ offset: origin.getStore() ?? newest, reason: `map left an error behind: ${messageOf(error)}` })
}

async function main(module: string): Promise<void> {
  const pipeline = pipelineIn(module)
  process.on('uncaughtException', onLate)
  process.on('unhandledRejection', onLate)
  process.on('message', (order: Order) => void answer(pipeline, order).then(tell))
  process.on('disconnect', () => process.exit(0))
  await tell({ kind: 'ready' })
}

async function answer(pipeline: Pipeline, { envelope, dead, isEventByEvent }: Order): Promise<Told> {
  killers = []
  newest = null
  const terms = { timers: machineTimers, dead, placeOf: thrownAt }
  const partial = isEventByEvent
    ? await eachEvent(pipeline, envelope, terms)
    : await foldEnvelope(pipeline, envelope, { ...terms, onProgress: progress() })
  await settled(SETTLE_MS)
  if (killers.length > 0) return { kind: 'killed', by: killers }
  return { kind: 'folded', panes: encoded(pipeline, partial.panes), deadLetters: partial.deadLetters }
}

function progress(): () => void {
  let toldMs = performance.now()
  return () => {
    if (performance.now() - toldMs < PROGRESS_EVERY_MS) return
    toldMs = performance.now()
    void tell({ kind: 'progress', offset: null })
  }
}

/** Folds each event as an envelope of its own: the same panes, in parts that merge to the same. */
async function eachEvent(pipeline: Pipeline, envelope: Envelope, terms: FoldTerms) {
  const panes = new Map<number, Partial>()
  const deadLetters: DeadLetter[] = []
  for (const [index, line] of envelope.lines.entries()) {
    const firstOffset = envelope.firstOffset + index
    newest = firstOffset
    await tell({ kind: 'progress', offset: firstOffset })
    const event = { ...envelope, firstOffset, count: 1, lines: [line] }
    const partial = await origin.run(firstOffset, () => foldEnvelope(pipeline, event, terms))
    for (const [startMs, part] of partial.panes) {
      panes.set(startMs, mergePartial(panes.get(startMs) ?? emptyPartial(pipeline), part))
    }
    deadLetters.push(...partial.deadLetters)
    await settled(SETTLE_EVENT_MS)
  }
  return { panes, deadLetters }
}

/** Resolves when nothing is left that could still throw, or after the limit where something always is. */
function settled(limitMs: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      process.off('beforeExit', done)
      process.channel?.ref()
      setImmediate(resolve) // a turn with something to wait for, or the process ends after all
    }
    const timer = setTimeout(done, limitMs)
    timer.unref()
    process.channel?.unref() // so that the process has nothing to wait for but what `map` left
    process.on('beforeExit', done)
  })
}

const encoded = (pipeline: Pipeline, panes: ReadonlyMap<number, Partial>): SentPane[] =>
  [...panes].map(([startMs, pane]) => ({ startMs, ...encodePartial(pipeline, pane) }))

void main(process.argv[2]!)
