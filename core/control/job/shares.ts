/** How much of a limit one part of a job holds, and how much it is to have. */
export interface Claim {
  /** What it may use until it has heard otherwise. */
  readonly held: number
  readonly wanted: number
}

/** So much of a limit is shared out evenly, whoever needs it now: the next spike may come to another one. */
const EVEN_SHARE = 0.2

/** Shares by need, 0 to 1, that add up to 1; nobody's is 0. Pure. */
export function sharesByNeed(needs: readonly number[]): number[] {
  const whole = needs.reduce((sum, need) => sum + need, 0)
  const even = 1 / needs.length
  return needs.map((need) => EVEN_SHARE * even + (1 - EVEN_SHARE) * (whole > 0 ? need / whole : even))
}

/**
 * So many whole things by these shares, all of them: one for each first, if there are enough; what is left over by
 * rounding goes to the largest remainders (Hamilton's method). Pure.
 */
export function wholeShares(total: number, shares: readonly number[]): number[] {
  const first = total >= shares.length ? 1 : 0
  const rest = total - first * shares.length
  const exact = shares.map((share) => share * rest)
  const whole = exact.map((value) => first + Math.floor(value))
  const left = total - whole.reduce((sum, value) => sum + value, 0)
  const byRemainder = exact.map((value, index) => ({ index, remainder: value - Math.floor(value) }))
  byRemainder.sort((a, b) => b.remainder - a.remainder || a.index - b.index)
  for (const { index } of byRemainder.slice(0, left)) whole[index]! += 1
  return whole
}

/**
 * What each is told to have now. Nobody is given what another one still holds: first some give up, and are heard to
 * have done so, then others get it. So all that is held never exceeds `total`, unless it did before. Who holds least
 * gets first. Pure.
 */
export function granted(total: number, claims: readonly Claim[]): number[] {
  const grants = claims.map(({ held, wanted }) => Math.min(held, wanted))
  let free = total - claims.reduce((sum, { held }) => sum + held, 0)
  const order = claims.map((_, index) => index).sort((a, b) => claims[a]!.held - claims[b]!.held || a - b)
  for (const index of order) {
    const { held, wanted } = claims[index]!
    const more = Math.max(0, Math.min(wanted - held, free))
    grants[index]! += more
    free -= more
  }
  return grants
}
