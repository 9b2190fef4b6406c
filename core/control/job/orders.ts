import type { Intent } from '../control'
import type { BurstMode } from '../route'

/**
 * What the controller of a job tells one of its sidecars. Orders hold until newer ones come, also when the controller
 * is gone, so old orders must do no harm: shares are parts of the job's limits, and an armed valve sends only what
 * would wait too long.
 */
export interface Orders {
  readonly mode: BurstMode
  /** Functions that it may have at work side by side. */
  readonly lanes: number
  /** Dollars that it may spend within an hour, what it has spent already included. */
  readonly maxUsdPerHour: number
  /** The limit of its valve while the job bursts, in ms; null while the job does not, or leaves it to the sidecar. */
  readonly valveMs: number | null
  /** Start its functions now. Done once, and not kept. */
  readonly prewarm: boolean
  /** Why, in words. */
  readonly reason: string
}

/**
 * What a sidecar does by its own policy and its orders: it bursts when either says so. What it sees itself is newer,
 * and only it knows the queue before its own edge, so its own plan goes first. Pure.
 */
export function obeyed(own: Intent, orders: Orders | null): Intent {
  if (orders === null || orders.valveMs === null || own.bursting || own.plan.kind !== 'valve') return own
  const plan = { kind: 'valve', limitMs: orders.valveMs, prime: false } as const
  return { ...own, plan, bursting: true, reason: `the job: ${orders.reason}` }
}
