import type { LatestAnswer } from '../../../edge-node/observe/feed'
import { askJson } from '../api'
import { byId, make, setText } from '../dom'
import { cell, exact, moment, words } from '../format'

const LIMIT = 50
const TYPING_MS = 150
const EVERY_MS = 2_000 // between looks of our own accord: one reads what may be thousands of rows

/** The newest result of each key, searched as one types. */
export class ResultSearch {
  private readonly field = byId<HTMLInputElement>('search')
  private timer = 0
  private lookedAtMs = 0
  private latestLook = 0

  constructor() {
    this.field.addEventListener('input', () => this.later(TYPING_MS))
  }

  /** There are other finals than before. */
  refresh(): void {
    if (this.timer === 0) this.later(Math.max(0, this.lookedAtMs + EVERY_MS - performance.now()))
  }

  private later(ms: number): void {
    clearTimeout(this.timer)
    this.timer = window.setTimeout(() => void this.look(), ms)
  }

  private async look(): Promise<void> {
    this.timer = 0
    this.lookedAtMs = performance.now()
    const look = ++this.latestLook
    const search = this.field.value.trim()
    try {
      const answer = await askJson<LatestAnswer>(`/v1/latest?limit=${LIMIT}&search=${encodeURIComponent(search)}`)
      if (look === this.latestLook) this.show(answer, search)
    } catch (error) {
      setText(byId('results-note'), `Results cannot be read: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  private show({ rows, found, windows }: LatestAnswer, search: string): void {
    const some = rows.length < found ? `, the first ${rows.length} shown` : ''
    const having = search === '' ? '' : ` with “${search}”`
    const none =
      windows === 0 ? 'No window is final yet.' : `No key${having} in the last ${exact(windows)} final windows.`
    const keys = found === 1 ? '1 key' : `${exact(found)} keys`
    setText(
      byId('results-note'),
      found === 0 ? none : `${keys}${having} in the last ${exact(windows)} final windows${some}.`,
    )
    byId('results').replaceChildren(
      ...(rows.length === 0 ? [] : [head(Object.keys(rows[0]!.row)), make('tbody', '', ...rows.map(bodyRow))]),
    )
  }
}

function head(columns: readonly string[]): HTMLElement {
  const cells = [...columns.map(words), 'window'].map((text) => {
    const cell = make('th', '', text)
    cell.scope = 'col'
    return cell
  })
  return make('thead', '', make('tr', '', ...cells))
}

function bodyRow({ start, row }: LatestAnswer['rows'][number]): HTMLElement {
  const [key, ...values] = Object.values(row)
  const name = make('th', 'key', cell(key))
  name.scope = 'row'
  const cells = values.map((value) => make('td', 'number', cell(value)))
  return make('tr', '', name, ...cells, make('td', 'times', moment(start, Date.now())))
}
