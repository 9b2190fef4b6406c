/** The middle of some values; null of none. */
export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** `part / whole`; null where there is no whole. */
export const ratio = (part: number, whole: number): number | null => (whole > 0 ? part / whole : null)

/** The values that are not null. */
export const known = (values: readonly (number | null)[]): number[] => values.filter((value) => value !== null)

/** The largest of some values; null of none. */
export const largest = (values: readonly number[]): number | null => (values.length === 0 ? null : Math.max(...values))

export const smallest = (values: readonly number[]): number | null => (values.length === 0 ? null : Math.min(...values))
