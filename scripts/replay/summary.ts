import type { ReplayReport } from './run'

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
