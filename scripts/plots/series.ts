import type { Sample } from '../start/samples'

/**
 * A run over time, column by column: small enough to keep, enough to draw it again. Rates in events/s, time in s since
 * the load began.
 */
export interface Series {
  readonly seconds: readonly number[]
  readonly inRate: readonly number[]
  readonly edgeRate: readonly number[]
  readonly burstRate: readonly number[]
  readonly backlogEvents: readonly number[]
  readonly queueDelayMs: readonly number[]
  readonly bursting: readonly (0 | 1)[]
}

export function seriesOf(samples: readonly Sample[], startMs: number): Series {
  const column = (value: (sample: Sample) => number) => samples.map((sample) => Math.round(value(sample)))
  return {
    seconds: samples.map(({ atMs }) => Math.round((atMs - startMs) / 10) / 100),
    inRate: column(({ inRate }) => inRate),
    edgeRate: column(({ edgeRate }) => edgeRate),
    burstRate: column(({ burstRate }) => burstRate),
    backlogEvents: column(({ backlogEvents }) => backlogEvents),
    queueDelayMs: column(({ queueDelayMs }) => queueDelayMs),
    bursting: samples.map(({ bursting }) => (bursting ? 1 : 0)),
  }
}

export type Point = readonly [x: number, y: number]

/** One column over time. */
export function pointsOf(series: Series, column: Exclude<keyof Series, 'seconds'>): Point[] {
  return series.seconds.map((second, index) => [second, series[column][index]!] as const)
}

/** The mean of each stretch of `seconds`, at its middle: for rates, which jump from look to look. */
export function smoothed(points: readonly Point[], seconds: number): Point[] {
  const stretches = new Map<number, number[]>()
  for (const [x, y] of points) {
    const stretch = Math.floor(x / seconds)
    const values = stretches.get(stretch)
    if (values === undefined) stretches.set(stretch, [y])
    else values.push(y)
  }
  return [...stretches].map(([stretch, values]) => [
    (stretch + 0.5) * seconds,
    values.reduce((sum, value) => sum + value, 0) / values.length,
  ])
}
