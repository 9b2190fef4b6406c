import { FAULT_KINDS, type FaultKind } from './faults'
import { runWorld, type WorldOptions, type WorldReport } from './world'

/** A world that breaks the same rule with less happening in it. */
export interface Shrunk {
  readonly report: WorldReport
  /** Kinds of fault that it still needs. */
  readonly faults: readonly FaultKind[]
}

/**
 * Looks for the smallest world of a seed that breaks the same rule: without kinds of fault, one after the other, and
 * with fewer requests.
 */
export async function shrink(seed: number): Promise<Shrunk> {
  const first = await runWorld(seed)
  const rule = first.violation?.rule
  let without: ReadonlySet<FaultKind> = new Set()
  let requests = first.requests
  const breaks = async (options: WorldOptions) => (await runWorld(seed, options)).violation?.rule === rule
  for (let smaller = true; smaller; ) {
    smaller = false
    for (const kind of FAULT_KINDS) {
      const fewer = new Set([...without, kind])
      if (without.has(kind) || !(await breaks({ without: fewer, requests }))) continue
      without = fewer
      smaller = true
    }
    for (let step = Math.ceil(requests / 2); step >= 1; step = Math.floor(step / 2)) {
      while (requests > step && (await breaks({ without, requests: requests - step }))) {
        requests -= step
        smaller = true
      }
    }
  }
  const report = await runWorld(seed, { without, requests, trace: true })
  return { report, faults: FAULT_KINDS.filter((kind) => !without.has(kind)) }
}
