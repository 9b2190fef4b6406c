import type { Facts } from '../core/facts'

const REMEMBERED = 200 // a change of mode every ten seconds at most: half an hour of the worst, days of the usual

/** The controller changed its mind: when, to what, why in words, and the facts it went by. */
export interface ModeChange {
  readonly atMs: number
  readonly bursting: boolean
  readonly reason: string
  readonly facts: Facts
}

/** The latest changes of mode, oldest first, and how many there have been. */
export class Decisions {
  private readonly list: ModeChange[] = []
  changes = 0

  get all(): readonly ModeChange[] {
    return this.list
  }

  add(change: ModeChange): void {
    this.changes += 1
    this.list.push(change)
    if (this.list.length > REMEMBERED) this.list.shift()
  }
}
