/** A report for people: the totals, then the first few differences of each kind with their numbers. */
import { inspect } from 'node:util'
import type { Difference } from './compare'
import type { Tally } from './oracle'
import type { VerifyReport } from './report'
import type { Window } from './window'

const SHOWN_PER_KIND = 5

export function summaryOf(report: VerifyReport): string[] {
  return [...totals(report), ...(report.exact ? [] : faults(report)), verdict(report)]
}

function totals(report: VerifyReport): string[] {
  const { pipeline, batches, repeats, events, late, partlyLate, deadLettered, windows, rows } = report
  return [
    `${pipeline}: ${n(events)} accepted events in ${n(batches)} batches (${n(repeats)} repeats), ` +
      `${n(partlyLate)} partly late, ${n(deadLettered)} dead-lettered; ${n(late)} late`,
    `${n(windows)} windows with ${n(rows)} rows recomputed`,
  ]
}

function faults({ examples, ...report }: VerifyReport): string[] {
  return [
    ...listed('windows missing', report.missing, examples.missing.map(windowText)),
    ...listed('windows extra', report.extra, examples.extra.map(windowText)),
    ...listed('values mismatched', report.mismatched, examples.mismatched.map(differenceText)),
    ...listed(
      'answers with wrong counts',
      report.wrongAnswers,
      examples.wrongAnswers.map(
        ({ key, expected, actual }) => `batch ${key}: expected ${tallyText(expected)}, answered ${tallyText(actual)}`,
      ),
    ),
    ...listed('keys used for different batches', report.conflictingKeys, examples.conflictingKeys),
    ...uncheckable(report),
  ]
}

function uncheckable({ uncheckableBatches, uncheckableWindows }: Omit<VerifyReport, 'examples'>): string[] {
  if (uncheckableBatches === 0) return []
  return [
    `${n(uncheckableBatches)} batches cannot be checked: more lines were rejected than the answer lists, and their text does not show which;`,
    `  ${n(uncheckableWindows)} windows that they may be in are left out. Send at most 100 lines a request where many are rejected`,
  ]
}

function verdict({ exact, missing, unfinished, ...report }: VerifyReport): string {
  if (exact) return 'exact: every window, row and field is the same to the last bit'
  const { extra, mismatched, wrongAnswers, conflictingKeys } = report
  if (missing + extra + mismatched + wrongAnswers + conflictingKeys === 0) return 'exact as far as it can be checked'
  if (missing === 0 || unfinished === 0) return 'NOT exact'
  return `NOT exact; the edge node still has ${n(unfinished)} windows that are not final: wait for them and run again`
}

function listed(title: string, count: number, examples: readonly string[]): string[] {
  if (count === 0) return []
  const shown = examples.slice(0, SHOWN_PER_KIND).map((example) => `  ${example}`)
  const hidden = count > shown.length ? [`  ... and ${n(count - shown.length)} more`] : []
  return [`${n(count)} ${title}:`, ...shown, ...hidden]
}

function windowText({ start, end }: Window): string {
  return `[${start}, ${end})`
}

/** `inspect` tells -0 from 0 and "1" from 1. */
function differenceText({ key, field, expected, actual, ...window }: Difference): string {
  const where = key === null ? '' : ` key ${inspect(key)}`
  return `${windowText(window)}${where} ${field}: expected ${inspect(expected)}, served ${inspect(actual)}`
}

function tallyText({ accepted, late, partlyLate, rejected }: Tally): string {
  return `accepted ${accepted}, late ${late}, partlyLate ${partlyLate}, rejected ${rejected}`
}

function n(count: number): string {
  return count.toLocaleString('en-US')
}
