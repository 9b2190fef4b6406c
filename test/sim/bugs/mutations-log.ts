import { lateness, type WindowSpec } from '../../../core/pipeline/window'
import { Intake } from '../../../core/protocol/intake'
import type { LogRecord } from '../../../core/protocol/log-record'
import { DeadLetters } from '../../../edge-node/dead-letters/dead-letters'
import { LogReader } from '../../../edge-node/log/log-reader'
import type { Mutation } from '../context'
import { SimDisk } from '../edge/disk'
import { SimLog } from '../edge/sim-log'
import { around, together } from '../random'

/** What mutations reach of an Intake. */
interface Replaying {
  readonly pipeline: { readonly window: WindowSpec }
  readonly open: { readonly events: number }
  readonly cut: Intake['cut']
  readonly remember: (key: string | null, answer: unknown) => void
}

/** What mutations reach of a LogReader. */
interface Judging {
  readonly isFollowed: () => boolean
}

type Opened = ReturnType<SimDisk['open']>
type Open = (fromSegment: number) => Opened

/** Bugs in what becomes durable, when, and what a restart makes of it. */
export const LOG_MUTATIONS: readonly Mutation[] = [
  {
    name: 'a final is shown before its record is durable',
    breaks: 'The final record in the log is the only commit point.',
    apply: () => appendsAtOnce('append', (record) => record.type === 'final'),
  },
  {
    name: 'a request is answered before the flush',
    breaks: 'No 202 before the events are durable.',
    apply: () => appendsAtOnce('appendNow', (record) => record.type === 'request'),
  },
  {
    name: 'idempotency keys are kept in memory only',
    breaks:
      'Key and answer are in the same atomic record as the events, so that a retry after a crash is no second event.',
    apply: () => {
      let isReplaying = false
      return together(
        around<Intake['replay']>(Intake.prototype, 'replay', (original, _self, [record]) => {
          isReplaying = true
          const cut = original(record)
          isReplaying = false
          return cut
        }),
        around<Intake['takeUpKeys'], Intake>(Intake.prototype, 'takeUpKeys', (_original, self, [page, span]) =>
          self.giveUpKeys(Math.min(page.first + page.count, span.next)),
        ),
        around<Replaying['remember']>(Intake.prototype, 'remember', (original, _self, [key, answer]) =>
          original(isReplaying ? null : key, answer),
        ),
      )
    },
  },
  {
    name: 'a replay cuts anew',
    breaks: 'Cuts are log records: a linger is a clock, and another cut is another envelope under the same number.',
    apply: () =>
      around<Intake['replay'], Replaying>(Intake.prototype, 'replay', (original, intake, [record]) => {
        if (record.type === 'cut') return null
        if (record.type !== 'closing' || intake.open.events === 0) return original(record)
        const made = intake.cut(Number.POSITIVE_INFINITY)
        original(record)
        return made?.cut ?? null
      }),
  },
  {
    name: 'a replay judges lateness again',
    breaks: 'Replay never judges: what was accepted stays accepted.',
    apply: () => {
      let horizonMs = Number.NEGATIVE_INFINITY
      return together(
        around<Open>(SimDisk.prototype, 'open', (original, _self, [fromSegment]) => {
          const opened = original(fromSegment)
          for (const record of opened.records) if (record.type === 'closing') horizonMs = record.horizonMs
          return opened
        }),
        around<Intake['replay'], Replaying>(Intake.prototype, 'replay', (original, { pipeline }, [record]) =>
          original(judgedAgain(record, pipeline.window, horizonMs)),
        ),
      )
    },
  },
  {
    name: 'a restart forgets what was final',
    breaks: 'Final is final: recovery never reopens a window.',
    apply: () =>
      around<Open>(SimDisk.prototype, 'open', (original, _self, [fromSegment]) => {
        const opened = original(fromSegment)
        return { ...opened, records: opened.records.filter(({ type }) => type !== 'final') }
      }),
  },
  {
    name: 'the log is deleted up to the checkpoint',
    breaks: 'A segment is kept while a window that is not final needs its lines.',
    apply: () =>
      around<SimLog['deleteBefore']>(SimLog.prototype, 'deleteBefore', (original, _self, [segment]) =>
        original(segment, Number.POSITIVE_INFINITY),
      ),
  },
  {
    name: 'dead letters are not waited for',
    breaks: 'The dead letters of a window are on disk before it is final.',
    apply: () =>
      around<DeadLetters['flush']>(DeadLetters.prototype, 'flush', (original) => {
        void original().catch(() => undefined)
        return Promise.resolve()
      }),
  },
  {
    name: 'a dead letter may live again',
    breaks: 'What was dead-lettered stays dead when its envelope is folded again: somebody may have read that it is.',
    apply: () => around<DeadLetters['of']>(DeadLetters.prototype, 'of', () => undefined),
  },
  {
    name: 'damage is taken for a torn tail',
    breaks: 'Only what was never acknowledged may be cut off: a record of a later flush behind it proves damage.',
    apply: () => around<Judging['isFollowed']>(LogReader.prototype, 'isFollowed' as never, () => false),
  },
  {
    name: 'the end of the log may be missing',
    breaks: 'The log goes at least as far as the mark beside it says.',
    apply: () => around<LogReader['end']>(LogReader.prototype, 'end', (original) => original(null)),
  },
]

function appendsAtOnce(method: 'append' | 'appendNow', isHasty: (record: LogRecord) => boolean): () => void {
  return around<SimLog['append']>(SimLog.prototype, method, (original, _self, [records]) => {
    const appended = original(records)
    if (!records.some(isHasty)) return appended
    appended.catch(() => undefined)
    return Promise.resolve()
  })
}

function judgedAgain(record: LogRecord, window: WindowSpec, horizonMs: number): LogRecord {
  if (record.type !== 'request') return record
  const paneOfLine = record.panes.flatMap(([pane, lines]) => Array.from({ length: lines }, () => pane))
  const isLate = (line: number) => lateness(window, paneOfLine[line]!, horizonMs) === 'late'
  const lines = record.lines.filter((_, line) => !isLate(line))
  return { ...record, lines, panes: paneOfLine.filter((_, line) => !isLate(line)).map((pane) => [pane, 1]) }
}
