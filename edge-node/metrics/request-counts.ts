import type { Reading } from './family'

interface Counted {
  readonly labels: { readonly route: string; readonly method: string; readonly status: string }
  value: number
}

/**
 * Requests by route, method and status. Patterns of routes and not addresses, so that there are few; all that found no
 * route are one.
 */
export class RequestCounts {
  private readonly counts = new Map<string, Counted>()

  /** `route` is the pattern, undefined where none was found. */
  add(route: string | undefined, method: string, status: number): void {
    const key = route === undefined ? `${status}` : `${status} ${method} ${route}`
    const counted = this.counts.get(key)
    if (counted !== undefined) counted.value += 1
    else this.counts.set(key, { labels: labelsOf(route, method, status), value: 1 })
  }

  all(): readonly Reading[] {
    return [...this.counts.values()]
  }
}

const labelsOf = (route: string | undefined, method: string, status: number) =>
  route === undefined ? { route: 'none', method: 'any', status: `${status}` } : { route, method, status: `${status}` }
