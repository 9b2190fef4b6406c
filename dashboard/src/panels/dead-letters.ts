import type { DeadLetterShown, NewestDeadLetters } from '../../../edge-node/observe/feed'
import { askJson } from '../api'
import { byId, make, setText, showList } from '../dom'
import { exact, moment } from '../format'
import { reasonsOf } from './figures'

const EVERY_MS = 3_000
const SHOWN = 30

/** The newest dead letters; looked for when there are more than before. */
export class DeadLetterList {
  private known = -1
  private timer = 0

  /** So many there are since the start. */
  total(total: number): void {
    if (total === this.known || this.timer !== 0) return
    const isFirst = this.known < 0
    this.known = total
    this.timer = window.setTimeout(() => void this.look(), isFirst ? 0 : EVERY_MS)
  }

  private async look(): Promise<void> {
    this.timer = 0
    try {
      this.show((await askJson<NewestDeadLetters>('/v1/dead-letters/newest')).deadLetters)
    } catch {
      this.known = -1 // the next overview tries again
    }
  }

  private show(letters: readonly DeadLetterShown[]): void {
    const reasons = reasonsOf(letters).map(({ code, reason, letters: many }) =>
      make('li', '', make('b', '', `${exact(many)} × `), make('code', '', code), ` ${reason}`),
    )
    setText(byId('letters-note'), letters.length === 0 ? 'none' : `the newest ${exact(letters.length)}, by reason`)
    byId('letter-reasons').replaceChildren(...reasons)
    const list = byId('letters')
    if (letters.length === 0) list.replaceChildren(make('li', 'empty', 'Every event could be folded.'))
    else showList(list, letters.slice(0, SHOWN), ({ id }) => id, item)
  }
}

function item({ timestampMs, code, reason, line }: DeadLetterShown): HTMLElement {
  const time = make('time', '', moment(timestampMs, Date.now()))
  const details = make('details', '', make('summary', '', 'event'), make('pre', '', line))
  return make('li', '', time, make('code', '', code), make('span', 'reason', reason), details)
}
