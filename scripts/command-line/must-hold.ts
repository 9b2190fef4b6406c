import { markdownTable } from './markdown'

/**
 * A promise, the figure that was measured, and whether it holds. `limit` and `measured` are in `unit`; null: there was
 * nothing to measure.
 */
export interface MustHold {
  readonly what: string
  readonly measured: number | null
  readonly relation: 'at most' | 'at least' | 'equal to'
  readonly limit: number
  readonly unit: string
  readonly holds: boolean
}

/** What cannot be measured does not hold. */
export function mustHold(
  what: string,
  measured: number | null,
  relation: MustHold['relation'],
  limit: number,
  unit: string,
): MustHold {
  return { what, measured, relation, limit, unit, holds: measured !== null && compare(measured, relation, limit) }
}

function compare(measured: number, relation: MustHold['relation'], limit: number): boolean {
  switch (relation) {
    case 'at most':
      return measured <= limit
    case 'at least':
      return measured >= limit
    case 'equal to':
      return measured === limit
  }
}

/** The promises as a table. */
export function mustHoldTable(promises: readonly MustHold[]): string {
  const rows = promises.map(({ what, measured, relation, limit, unit, holds }) => [
    what,
    measured === null ? 'not measured' : withUnit(measured, unit),
    `${relation} ${withUnit(limit, unit)}`,
    holds ? 'pass' : '**FAIL**',
  ])
  return markdownTable(['must hold', 'measured', 'limit', 'verdict'], rows)
}

const withUnit = (value: number, unit: string) =>
  `${value.toLocaleString('en-US', { maximumFractionDigits: 2 })}${unit === '' ? '' : ` ${unit}`}`
