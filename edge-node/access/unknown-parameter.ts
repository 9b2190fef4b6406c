import { closest, distance } from 'fastest-levenshtein'
import { shortReason } from '../../core/excerpt'

/** Letters that may be wrong in a name that is still taken for a slip of the keyboard. */
const MOST_SLIPS = 2

/**
 * What is wrong with the names in a query, in words, and which ones the route takes; null when it takes all of them.
 * A name that nobody reads would give another answer than was asked for, without a word.
 */
export function unknownParameter(names: readonly string[], allowed: readonly string[], route: string): string | null {
  const unknown = names.find((name) => !allowed.includes(name))
  if (unknown === undefined) return null
  if (allowed.length === 0) return `${route} takes no parameters; leave out "${shortReason(unknown)}"`
  const meant = nearby(unknown, allowed)
  const hint = meant === null ? '' : `; did you mean "${meant}"?`
  return `there is no parameter "${shortReason(unknown)}"${hint}${hint === '' ? ';' : ''} ${route} takes ${allowed.join(', ')}`
}

function nearby(name: string, allowed: readonly string[]): string | null {
  const plain = name.toLowerCase()
  const found = closest(plain, [...allowed])
  // Of a short name, two letters are most of it.
  return distance(plain, found) < Math.min(MOST_SLIPS + 1, found.length) ? found : null
}
