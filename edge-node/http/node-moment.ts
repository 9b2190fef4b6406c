import type { FinalWindow, UnfinishedWindow, WindowsNow } from '../observe/feed'
import type { Finals } from './latest-windows'
import type { Moment } from './live'
import { decisionsOf, overviewOf, sampleOf } from './overview'
import type { Status } from './status'

const SHOWN_FINALS = 40 // windows in the list
const SHOWN_UNFINISHED = 40 // sliding windows may be open by the hundred
const SHOWN_DECISIONS = 50

/** What the live feed of a node comes from. */
export interface NodeShown {
  readonly config: { readonly maxUsdPerHour: number; readonly cloud?: string }
  readonly status: () => Status
  readonly node: { readonly unready: string | null; readonly unfinished?: () => readonly UnfinishedWindow[] }
  readonly results: Finals
}

/** How a node is now. */
export function momentOf({ config, status: statusNow, node, results }: NodeShown, atMs: number): Moment {
  const status = statusNow()
  return {
    sample: sampleOf(status, atMs),
    overview: () => overviewOf(status, node.unready, config, atMs),
    decisions: () => decisionsOf(status, SHOWN_DECISIONS),
    windows: () => windowsOf(results, node.unfinished?.() ?? []),
  }
}

function windowsOf(results: Finals, open: readonly UnfinishedWindow[]): WindowsNow {
  const finals = results.since(Math.max(0, results.count - SHOWN_FINALS)).map(
    ({ startMs: start, endMs: end, accepted, edge, burst, deadLettered, rows }): FinalWindow => ({
      ...{ start, end, accepted: accepted[0], edge, burst, deadLettered, rows },
    }),
  )
  const unfinished = [...open].sort((a, b) => a.start - b.start).slice(-SHOWN_UNFINISHED)
  return { unfinished: unfinished.reverse(), finals: finals.sort((a, b) => b.start - a.start) }
}
