import { setTimeout as sleep } from 'node:timers/promises'
import { CannotReplay, deadLetters, type Letter, MAX_LETTERS, type Outcome, replay } from './edge-node'

const SHOWN_FAILURES = 5

/** A run in words, line by line. */
export function summaryOf(report: ReplayReport): string[] {
  const { letters, resent, corrections, unchanged, waiting, failed, gone, dryRun, code, failures } = report
  const lines = [
    `${count(letters, 'dead letter')}${code === null ? '' : ` of code ${code}`}${dryRun ? ', dry run' : ''}`,
  ]
  const say = (number: number, text: string) => {
    if (number > 0) lines.push(`  ${number} ${text}`)
  }
  say(resent, dryRun ? 'would be sent again as events' : 'sent again as events')
  say(
    corrections,
    `${corrections === 1 ? 'correction' : 'corrections'} of final windows${dryRun ? ' would be made' : ''}`,
  )
  say(unchanged, 'replayed before')
  say(waiting, 'in windows that are closed and not final yet: replay again later')
  say(gone, 'not there any more')
  say(failed, `${dryRun ? 'cannot be replayed' : 'failed again'}:`)
  for (const failure of failures.slice(0, SHOWN_FAILURES))
    lines.push(`    offset ${failure.offset}: ${failure.code}: ${failure.reason}`)
  return lines
}

const count = (number: number, what: string) => `${number} ${what}${number === 1 ? '' : 's'}`

const MAX_EXAMPLES = 100 // failures told with their reason; the counts are of all
const MAX_REFUSALS = 30 // in a row, about half a minute: an edge node that is busy for longer is better left alone

export interface ReplayOptions {
  readonly url: string
  /** Of scopes read and admin, when the edge node asks for one. */
  readonly token?: string | undefined
  /** Letters of this code alone. */
  readonly code: string | null
  /** Change nothing, say what would be done. */
  readonly dryRun: boolean
  readonly onLetters?: (done: number, all: number) => void
}

/** What came of a run; counts are of dead letters but for `corrections`. */
export interface ReplayReport {
  readonly url: string
  readonly dryRun: boolean
  readonly code: string | null
  readonly letters: number
  /** Sent again as events. */
  resent: number
  /** Windows that got a correction. */
  corrections: number
  /** Nothing was left to do: replayed before. */
  unchanged: number
  /** In windows that are closed and not final yet. */
  waiting: number
  /** Failed again; they stay dead letters. */
  failed: number
  /** Not there any more: their file was moved away. */
  gone: number
  readonly failures: { readonly id: string; readonly offset: number; readonly code: string; readonly reason: string }[]
}

/** Replays every dead letter that there is when it begins. Throws CannotReplay. */
export async function runReplay(options: ReplayOptions): Promise<ReplayReport> {
  const { url, token, code, dryRun, onLetters } = options
  const letters: Letter[] = []
  // All of them before the first is replayed: one that fails as an event later becomes a new letter at the end.
  for await (const letter of deadLetters(url, code, token)) letters.push(letter)
  const counts = { resent: 0, corrections: 0, unchanged: 0, waiting: 0, failed: 0, gone: 0 }
  const report: ReplayReport = { url, dryRun, code, letters: letters.length, ...counts, failures: [] }
  for (let at = 0; at < letters.length; at += MAX_LETTERS) {
    const ids = letters.slice(at, at + MAX_LETTERS).map(({ id }) => id)
    for (const outcome of await replayed(options, ids)) note(report, outcome)
    onLetters?.(Math.min(at + MAX_LETTERS, letters.length), letters.length)
  }
  return report
}

/** Asks again for those that were refused, as long as the node says when. */
async function replayed({ url, dryRun, token }: ReplayOptions, ids: readonly string[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  let refused: readonly string[] = ids
  for (let tries = 0; refused.length > 0; tries++) {
    const answers = await replay(url, refused, dryRun, token)
    const refusals = answers.filter((outcome) => outcome.kind === 'refused')
    outcomes.push(...answers.filter(({ kind }) => kind !== 'refused'))
    refused = refusals.map(({ id }) => id)
    if (refusals[0] === undefined) break
    if (tries === MAX_REFUSALS)
      throw new CannotReplay('edge-node-busy', `${url} takes no events: ${refusals[0].reason}`)
    await sleep(refusals[0].retryAfterMs)
  }
  return outcomes
}

function note(report: ReplayReport, outcome: Outcome): void {
  switch (outcome.kind) {
    case 'replayed':
      if (outcome.resent) report.resent += 1
      if (outcome.waiting > 0) report.waiting += 1
      report.corrections += outcome.corrected
      if (!outcome.resent && outcome.corrected + outcome.waiting === 0) report.unchanged += 1
      return
    case 'failed': {
      const { id, offset, code, reason } = outcome
      report.failed += 1
      if (report.failures.length < MAX_EXAMPLES) report.failures.push({ id, offset, code, reason })
      return
    }
    case 'unknown':
      report.gone += 1
      return
    case 'refused':
      throw new Error('a refusal is asked about again')
  }
}
