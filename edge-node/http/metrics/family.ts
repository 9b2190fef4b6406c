import type { BucketCounts } from '../../observe/histogram'

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

/** A value with what tells it from others of its name. */
export interface Reading {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** Durations with what tells them from others of their name. */
export interface Labelled {
  readonly labels: Readonly<Record<string, string>>
  readonly counts: BucketCounts
}

/** A metric: its name, what it says, and how it is read. `Source` is what everything is read from at one moment. */
export type Metric<Source> = { readonly name: string; readonly help: string } & (
  | { readonly kind: 'counter' | 'gauge'; readonly read: (source: Source) => readonly Reading[] }
  | { readonly kind: 'histogram'; readonly read: (source: Source) => readonly Labelled[] }
)

/** What a metric may give: one value, nothing while it is not known (null), or values with labels. */
type Read<Source> = (source: Source) => number | null | readonly Reading[]

const readingsOf = (read: number | null | readonly Reading[]): readonly Reading[] =>
  read === null ? [] : typeof read === 'number' ? [{ labels: {}, value: read }] : read

/** Something that only grows. */
export const counter = <Source>(name: string, help: string, read: Read<Source>): Metric<Source> => ({
  ...{ name, help, kind: 'counter' },
  read: (source) => readingsOf(read(source)),
})

/** Something that goes up and down. */
export const gauge = <Source>(name: string, help: string, read: Read<Source>): Metric<Source> => ({
  ...{ name, help, kind: 'gauge' },
  read: (source) => readingsOf(read(source)),
})

/** Durations. */
export const histogram = <Source>(name: string, help: string, read: (source: Source) => BucketCounts): Metric<Source> =>
  histograms(name, help, (source) => [{ labels: {}, counts: read(source) }])

/** Durations of several things, each under labels of its own. */
export const histograms = <Source>(
  name: string,
  help: string,
  read: (source: Source) => readonly Labelled[],
): Metric<Source> => ({ name, help, kind: 'histogram', read })

/** One reading for each name, under a label. */
export const by = (label: string, values: Readonly<Record<string, number>>): readonly Reading[] =>
  Object.entries(values).map(([name, value]) => ({ labels: { [label]: name }, value }))

/** 1 for the one of these states that is the current one, 0 for the others. */
export const oneOf = <State extends string>(label: string, states: readonly State[], now: State): readonly Reading[] =>
  states.map((state) => ({ labels: { [label]: state }, value: state === now ? 1 : 0 }))
