/** What a text takes with what keeps it from others, how far it is from its line, and where the plot ends; pixels. */
export interface LabelSpace {
  readonly height: number
  readonly gap: number
  readonly bottom: number
}

/**
 * How high the names of two lines across a plot are written, counted from the top, so that they do not lie on each
 * other: above their lines, but where these are near each other that of the lower one below it. At the bottom of the
 * plot there is no room for that: then that of the upper one above the other.
 */
export function labelHeights(lines: readonly number[], { height, gap, bottom }: LabelSpace): readonly number[] {
  const [upper, lower] = [Math.min(...lines), Math.max(...lines)]
  const upperAt = lines.indexOf(upper)
  const areNear = lines.length > 1 && lower - upper < height
  const hasRoomBelow = lower + height <= bottom
  return lines.map((line, index) => {
    if (!areNear) return line - gap
    if (index === upperAt) return hasRoomBelow ? line - gap : lower - gap - height
    return hasRoomBelow ? line + height - gap : line - gap
  })
}

/** The first and last index of each run of values over 0. */
export function runs(values: ArrayLike<number>): [number, number][] {
  const found: [number, number][] = []
  for (let at = 0; at < values.length; at++) {
    if (!(values[at]! > 0)) continue
    const last = found.at(-1)
    if (last !== undefined && last[1] === at - 1) last[1] = at
    else found.push([at, at])
  }
  return found
}
