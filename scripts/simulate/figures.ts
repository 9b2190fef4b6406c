import type { PolicyName } from '../../core/control/policies'
import { precisionOf } from '../start/burst-figures'
import { type Bill, billOf } from './model/bill'
import type { World } from './model/world'
import type { Shortcut } from './shortcut'

/** What a policy came to. Counts are events, times ms of processing delay: from the scheduled send until counted. */
export interface Figures extends Bill {
  readonly name: PolicyName
  readonly processingDelayMs: { readonly p50: number; readonly p99: number; readonly max: number }
  /** Share of the events over the latency target. */
  readonly overTarget: number
  readonly accepted: number
  readonly edge: number
  readonly burst: number
  /** The least that any policy has to divert for the target, see `core/control/least-overflow.ts`. */
  readonly leastOverflow: number
  /** Of what was burst, the share that had to be; 1 when less than the least was. Null when nothing was burst. */
  readonly precision: number | null
  /** What was burst above the least. */
  readonly overshoot: number
  /**
   * The median over the overloads of the trace (see `Overload`) of the time until an overflow envelope was accepted, or
   * more machines worked. Null when that never happened.
   */
  readonly reactionMs: number | null
  readonly overloads: number
  readonly answered: number
  /** Changes of mode, and those of them that came less than 10 s after the one before. */
  readonly changes: number
  readonly flaps: number
  readonly throttled: number
  readonly machineHours: number
}

export function figuresOf(world: World, { usage }: Shortcut): Figures {
  const { ledger, scenario, machines, arrivals, overflow, policy } = world
  const { demand } = scenario
  const { delays, edge, burst, changes, flaps, reactionsMs } = ledger
  const machineHours = machines.until(arrivals.endMs) / 3_600_000
  return {
    name: policy,
    processingDelayMs: { p50: delays.quantile(0.5), p99: delays.quantile(0.99), max: delays.max },
    overTarget: delays.events > 0 ? delays.over / delays.events : 0,
    accepted: arrivals.total,
    edge,
    burst,
    leastOverflow: demand.leastOverflow,
    precision: precisionOf(demand.leastOverflow, burst),
    overshoot: Math.max(0, burst - demand.leastOverflow),
    reactionMs: median(reactionsMs),
    overloads: demand.overloads.length,
    answered: reactionsMs.length,
    changes,
    flaps,
    throttled: overflow.throttled,
    machineHours,
    ...billOf(world, usage, machineHours),
  }
}

function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((one, other) => one - other)
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null
}
