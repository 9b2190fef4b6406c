import type { DeadLetter } from '../../core/protocol/fold'

const SECOND_MS = 1_000
const LATELY_S = 60
const WARN_EVERY_MS = 60_000 // often enough to be seen, seldom enough not to fill a disk when every event dies
const GATHER_MS = 1_000 // before the first warning: of a flood it should say more than its first event
const MOST_KINDS = 50 // a second: there is one for each place that refuses, and a pipeline has few

/** Events that died within some time, and what most of them died of; `most` is null where none did. */
export interface Deaths {
  readonly events: number
  readonly most: string | null
}

/**
 * What refused an event, such as `map failed at pipelines/clicks.ts:12`, without anything of the event: reasons quote it
 * behind a colon or a semicolon.
 */
export function causeOf({ code, reason }: Pick<DeadLetter, 'code' | 'reason'>): string {
  return code === 'by_hand' ? 'taken out by hand' : reason.split(/[:;] /, 1)[0]!
}

/** Counts by cause, for those who should hear that events die: the log and the page. Times are of one steady clock. */
export class DyingEvents {
  /** The last minute, oldest first: whole seconds, and how many died of what. */
  private readonly seconds: { readonly second: number; readonly causes: Map<string, number> }[] = []
  private readonly untold = new Map<string, number>()
  private untoldSinceMs = 0
  private warnedMs = Number.NEGATIVE_INFINITY

  note(letters: readonly Pick<DeadLetter, 'code' | 'reason'>[], nowMs: number): void {
    if (letters.length === 0) return
    if (this.untold.size === 0) this.untoldSinceMs = nowMs
    const second = Math.floor(nowMs / SECOND_MS)
    let last = this.seconds.at(-1)
    if (last === undefined || last.second !== second) {
      last = { second, causes: new Map() }
      this.seconds.push(last)
      if (this.seconds.length > LATELY_S) this.seconds.shift()
    }
    for (const letter of letters) {
      const cause = causeOf(letter)
      increase(last.causes, cause)
      increase(this.untold, cause)
    }
  }

  /** Of the last minute. */
  lately(nowMs: number): Deaths {
    const oldest = Math.floor(nowMs / SECOND_MS) - LATELY_S
    const all = new Map<string, number>()
    for (const { second, causes } of this.seconds) {
      if (second > oldest) for (const [cause, events] of causes) increase(all, cause, events)
    }
    return deathsOf(all)
  }

  /** What the log has not been told of, when it is time to tell it; null when nothing is. */
  toTell(nowMs: number): Deaths | null {
    if (this.untold.size === 0 || nowMs - this.untoldSinceMs < GATHER_MS) return null
    if (nowMs - this.warnedMs < WARN_EVERY_MS) return null
    this.warnedMs = nowMs
    const deaths = deathsOf(this.untold)
    this.untold.clear()
    return deaths
  }
}

function increase(counts: Map<string, number>, cause: string, by = 1): void {
  const known = counts.has(cause) || counts.size < MOST_KINDS ? cause : 'other reasons'
  counts.set(known, (counts.get(known) ?? 0) + by)
}

function deathsOf(counts: ReadonlyMap<string, number>): Deaths {
  let events = 0
  let most: string | null = null
  for (const [cause, count] of counts) {
    events += count
    if (most === null || count > counts.get(most)!) most = cause
  }
  return { events, most }
}
