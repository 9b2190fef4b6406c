import { EdgeState, type FrozenState } from '../../../core/protocol/edge-state'
import type { EnvelopePartial } from '../../../core/protocol/fold'
import { Intake } from '../../../core/protocol/intake'
import { Ledger } from '../../../core/protocol/ledger'
import { Finisher } from '../../../edge-node/closing/closing'
import { Suspects } from '../../../edge-node/fold/suspects'
import { Appender } from '../../../edge-node/ingest/appender'
import type { LogStep } from '../../../edge-node/ingest/cutter'
import { Admission } from '../../../edge-node/ingest/ingest'
import { Checkpointer } from '../../../edge-node/log/checkpointer'
import { Loop } from '../../../edge-node/node/loop'
import { EdgeNode } from '../../../edge-node/node/node'
import type { Clock } from '../../../edge-node/observe/clock'
import type { Mutation } from '../context'
import { Machine } from '../edge/machine'
import { around, together } from '../random'

/** What mutations reach of a Ledger, an Intake, a Loop and an Admission. */
interface Books {
  readonly entries: Map<number, { place: string; envelope: unknown }>
}
interface Judge {
  readonly horizon: { closedMs: number; idleMs: number; newestMs: number }
}
interface Ticking {
  readonly lastTickMs: number
  readonly deps: { readonly clock: Clock; readonly intake: Judge }
}
interface Admitting {
  readonly deps: { readonly clock: Clock; readonly intake: Judge }
}

type Absorb = (horizonMs: number, partial: EnvelopePartial) => void
type Freeze = () => FrozenState
type Appends = (count: number) => Promise<void>
type Append = (records: unknown, after: LogStep) => unknown

/** Bugs in what the edge admits, routes, counts and closes. */
export const EDGE_MUTATIONS: readonly Mutation[] = [
  {
    name: 'a reclaimed envelope stays on the manifest',
    breaks: 'A reclaim takes the envelope off the manifests of its windows before the edge folds it.',
    apply: () => {
      const isBoth = (books: Books, number: number) => books.entries.get(number)?.place === 'bursting'
      return together(
        around<Ledger['reclaim'], Books>(Ledger.prototype, 'reclaim', (_original, books, [number]) =>
          isBoth(books, number) ? books.entries.get(number)!.envelope : null,
        ),
        around<Ledger['countEdge'], Books>(Ledger.prototype, 'countEdge', (original, books, [number]) =>
          isBoth(books, number) ? undefined : original(number),
        ),
      )
    },
  },
  {
    name: 'a recalled envelope is folded at once',
    breaks:
      'While a window is being finalized from what the cloud made of an envelope, nobody folds that envelope again.',
    apply: () => around<Ledger['isFinalizing']>(Ledger.prototype, 'isFinalizing', () => false),
  },
  {
    name: 'the edge forgets which windows of a pane were closed before',
    breaks:
      'An envelope does not count in windows at or below its horizon, though they share panes with those that it counts in.',
    apply: () =>
      around<Absorb>(EdgeState.prototype, 'absorb', (original, _self, [, partial]) =>
        original(Number.NEGATIVE_INFINITY, partial),
      ),
  },
  {
    name: 'windows close by the clock',
    breaks: 'The watermark is driven by event time at ingest, so that a slow day makes nothing late.',
    apply: () =>
      around<Intake['dueHorizonMs'], Judge>(Intake.prototype, 'dueHorizonMs', (original, intake, [clockMs]) => {
        const { newestMs } = intake.horizon
        intake.horizon.newestMs = clockMs
        const horizonMs = original(clockMs)
        intake.horizon.newestMs = newestMs
        return horizonMs
      }),
  },
  {
    name: 'a stopped process was idle',
    breaks: 'Idleness is counted in capped ticks: a process that was stopped has requests waiting outside.',
    apply: () =>
      around<() => void, Ticking>(Loop.prototype, 'tick', (original, { deps, lastTickMs }) => {
        deps.intake.horizon.idleMs += Math.max(0, deps.clock.monotonicMs() - lastTickMs - 200)
        original()
      }),
  },
  {
    name: 'lateness is judged when a request is parsed',
    breaks: 'Whether an event is late is judged where it is put into the log: the horizon may move in between.',
    apply: () => {
      const parsedAt = new WeakMap<object, number>()
      return together(
        around<Admission['ingest'], Admitting>(Admission.prototype, 'ingest', async (original, { deps }, args) => {
          parsedAt.set(args[0], deps.intake.horizon.closedMs)
          await new Promise<void>((resolve) => deps.clock.after(20, resolve))
          return original(...args)
        }),
        around<Intake['admit'], Judge>(Intake.prototype, 'admit', (original, intake, [request]) => {
          const { horizon } = intake
          const { closedMs } = horizon
          horizon.closedMs = parsedAt.get(request) ?? closedMs
          const record = original(request)
          horizon.closedMs = closedMs
          return record
        }),
      )
    },
  },
  {
    name: 'envelopes are routed before the flush',
    breaks: 'Nothing leaves before it is durable.',
    apply: () =>
      around<Append>(Appender.prototype, 'append', (original, _self, [records, { proceed, ...after }]) => {
        const appended = original(records, after)
        proceed?.()
        return appended
      }),
  },
  {
    name: 'a fold that follows a death is not noted',
    breaks: 'After a death the envelope at work is known on disk, or the same one ends every life.',
    apply: () => around<Suspects['noteFold']>(Suspects.prototype, 'noteFold', () => undefined),
  },
  {
    name: 'what has ended a life is folded here again',
    breaks: 'What was at work when a life ended for the second time is folded apart.',
    apply: () => around<Suspects['has']>(Suspects.prototype, 'has', () => false),
  },
  {
    name: 'two nodes work on one folder',
    breaks: 'A folder has one node at a time.',
    apply: () => around<() => boolean>(Machine.prototype, 'isHeld', () => false),
  },
  {
    name: 'retention takes away what a window that is not final has to follow',
    breaks: 'What is let go ends before every window that is not final.',
    apply: () =>
      around<EdgeNode['needed']>(EdgeNode.prototype, 'needed', (original) => ({
        ...original(),
        endMs: Number.POSITIVE_INFINITY,
      })),
  },
  {
    name: 'a checkpoint does not wait for the finals that it leaves out',
    breaks: 'A checkpoint counts finals that are in their files.',
    apply: () => around<Appends>(Checkpointer.prototype, 'appendFinals', async () => {}),
  },
  {
    name: 'what is folded while a checkpoint is copied is in the copy, too',
    breaks: 'A checkpoint is the state at one place in the log.',
    apply: () =>
      around<Freeze>(EdgeState.prototype, 'freeze', (original) => {
        const frozen = original()
        frozen.thaw()
        return { pieces: frozen.pieces, thaw: () => {} }
      }),
  },
  {
    name: 'a checkpoint is taken while a final is on its way to the disk',
    breaks: 'A checkpoint has everything that the log before it says.',
    apply: () => {
      const descriptor = Object.getOwnPropertyDescriptor(Finisher.prototype, 'committing')!
      Object.defineProperty(Finisher.prototype, 'committing', { ...descriptor, get: () => false })
      return () => Object.defineProperty(Finisher.prototype, 'committing', descriptor)
    },
  },
]
