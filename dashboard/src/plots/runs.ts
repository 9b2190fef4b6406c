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
