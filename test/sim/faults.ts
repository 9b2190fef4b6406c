import type { Coverage } from './coverage'
import { Random } from './random'

/**
 * Every kind of fault, and how likely it is at each opportunity: a message, a call, or (for those that simply happen) a
 * tenth of a second.
 */
export const FAULTS = {
  'request lost': 0.05,
  'request doubled': 0.05,
  'response lost': 0.05,
  'network slow': 0.05,
  'edge crashes': 0.015,
  'edge crashes at a call': 0.012,
  'edge restarts in order': 0.008,
  'edge stopped for long': 0.008,
  'tail torn with garbage': 0.3,
  'disk full': 0.008,
  'checkpoint damaged': 0.2,
  'a byte of the log rots': 0.2,
  'newest segment lost': 0.1,
  'two starts at once': 0.2,
  'edge clock jumps': 0.01,
  'cloud clock jumps': 0.01,
  'stream throttles': 0.1,
  'stream refuses': 0.03,
  'stream takes and says no': 0.03,
  'stream doubles': 0.05,
  'stream loses': 0.02,
  'stream is late': 0.04,
  'stream damages': 0.03,
  'call throttled': 0.1,
  'call lost': 0.05,
  'call not answered': 0.08,
  'call doubled': 0.1,
  'batch redelivered': 0.1,
  'function crashes': 0.06,
  'function runs on after its timeout': 0.04,
  'function of another version': 0.01,
  'store fails before': 0.02,
  'store fails after': 0.02,
  'store read is stale': 0.05,
  'table loses items': 0.015,
  'candidate rows altered': 0.05,
  'merge request lost': 0.06,
  'merge response lost': 0.08,
  'merge called twice': 0.1,
  'cloud away': 0.008,
  'data wiped': 0.004,
  'old copy restored': 0.008,
} as const

export type FaultKind = keyof typeof FAULTS
export const FAULT_KINDS = Object.keys(FAULTS) as FaultKind[]

/**
 * Kinds are off, as likely as given, or three times as likely: worlds with few kinds of fault reach what worlds with
 * all of them never do.
 */
const INTENSITIES = [0, 0, 1, 1, 3]
const FAVOURED = 4

/** Decides which faults strike, until the world heals. Each kind has random numbers of its own. */
export class Faults {
  isHealed = false
  private readonly kinds = new Map<FaultKind, { readonly random: Random; readonly probability: number }>()

  constructor(
    seed: number,
    without: ReadonlySet<FaultKind>,
    /** Kinds that are more likely than others in this world. */
    favoured: ReadonlySet<FaultKind>,
    private readonly coverage: Coverage,
  ) {
    for (const kind of FAULT_KINDS) {
      const random = new Random(seed, kind)
      const intensity = favoured.has(kind) ? FAVOURED : random.pick(INTENSITIES)
      if (!without.has(kind)) this.kinds.set(kind, { random, probability: FAULTS[kind] * intensity })
    }
  }

  strikes(kind: FaultKind): boolean {
    const fault = this.kinds.get(kind)
    if (fault === undefined || this.isHealed || !fault.random.chance(fault.probability)) return false
    this.coverage.seen(kind)
    return true
  }

  /** Random numbers for the particulars of a fault. */
  random(kind: FaultKind): Random {
    const fault = this.kinds.get(kind)
    if (fault === undefined) throw new Error(`"${kind}" is switched off`)
    return fault.random
  }

  /** From now on nothing fails any more. */
  heal(): void {
    this.isHealed = true
  }
}
