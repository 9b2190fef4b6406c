/**
 * The pause before the same batch is sent again. AWS backs off exponentially without saying by how much; short enough
 * here that a local outage of seconds is over soon after it ends.
 */
const FIRST_DELAY_MS = 100
const LONGEST_DELAY_MS = 5000

/** Delay before the `attempt`-th (1, 2, ...) sending of a batch that has failed. */
export function backoffMs(attempt: number): number {
  return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt - 1, 20))
}
