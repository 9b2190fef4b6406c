/**
 * A cumulative count over time, linear between its points: `counts[i]` events up to `times[i]`. Times rise, counts
 * never fall. Counts are real numbers; whole events come out of them in `schedule.ts`.
 */
export interface Curve {
  readonly times: Float64Array
  readonly counts: Float64Array
}

export function curveThrough(points: readonly (readonly [time: number, count: number])[]): Curve {
  return {
    times: Float64Array.from(points, ([time]) => time),
    counts: Float64Array.from(points, ([, count]) => count),
  }
}

/** The cumulative count at `time`; constant before the first and after the last point. */
export function countAt(curve: Curve, time: number): number {
  return interpolate(curve.times, curve.counts, time)
}

/** The time at which the cumulative count reaches `count`. */
export function timeAt(curve: Curve, count: number): number {
  return interpolate(curve.counts, curve.times, count)
}

/** The part between two times, with the count starting again at 0; the times stay as they are. */
export function slice(curve: Curve, from: number, to: number): Curve {
  const inner = [...curve.times].filter((time) => time > from && time < to)
  const base = countAt(curve, from)
  return curveThrough([from, ...inner, to].map((time) => [time, countAt(curve, time) - base] as const))
}

/** Times shifted so that `origin` becomes 0, then multiplied; counts multiplied. */
export function rescale(curve: Curve, origin: number, timeFactor: number, countFactor: number): Curve {
  return {
    times: curve.times.map((time) => (time - origin) * timeFactor),
    counts: curve.counts.map((count) => count * countFactor),
  }
}

/** How many elements of an ascending array are at most `value`. */
export function countUpTo(ascending: Float64Array, value: number): number {
  let low = 0
  let high = ascending.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (ascending[middle]! <= value) low = middle + 1
    else high = middle
  }
  return low
}

/** Never divides by zero: `xs[next]` is the first above `x`, and the one before it is not. */
function interpolate(xs: Float64Array, ys: Float64Array, x: number): number {
  const next = countUpTo(xs, x)
  if (next === 0) return ys[0]!
  if (next === xs.length) return ys[next - 1]!
  const share = (x - xs[next - 1]!) / (xs[next]! - xs[next - 1]!)
  return ys[next - 1]! + share * (ys[next]! - ys[next - 1]!)
}
