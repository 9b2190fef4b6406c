import type { FinalWindow, UnfinishedWindow, WindowsNow } from '../../../edge-node/observe/feed'
import { byId, make, setText } from '../dom'
import { exact, moment } from '../format'
import { balances } from './figures'

/** The windows that take events or wait for them, and the last that became final. */
export function showWindows({ unfinished, finals }: WindowsNow): void {
  const rows = [...unfinished.map(unfinishedRow), ...finals.map(finalRow)]
  if (rows.length === 0) rows.push(make('tr', '', spanning('No window yet: the first event opens one.')))
  byId('windows').replaceChildren(...rows)
}

/** How many windows are in each state. */
export function showPhases(
  windows: Readonly<Record<'open' | 'closing' | 'finalizing' | 'final' | 'withBurst', number>>,
): void {
  const { open, closing, finalizing, final, withBurst } = windows
  const text = `${exact(open)} open, ${exact(closing)} closing, ${exact(finalizing)} finalizing, ${exact(final)} final (${exact(withBurst)} with burst)`
  setText(byId('phases'), text)
}

function unfinishedRow({ start, end, phase, accepted, waiting }: UnfinishedWindow): HTMLElement {
  const to = waiting === 1 ? '1 envelope to go' : `${exact(waiting)} envelopes to go`
  return make('tr', '', times(start, end), state(phase), make('td', 'sum', `${exact(accepted)} so far; ${to}`))
}

function finalRow(window: FinalWindow): HTMLElement {
  const { start, end, accepted, edge, burst, deadLettered } = window
  const isSound = balances(window)
  const bar = make(
    'span',
    'bar-of',
    part('edge', edge / accepted),
    part('burst', burst / accepted),
    part('dead', deadLettered / accepted),
  )
  const sum = `${exact(accepted)} = ${exact(edge)} + ${exact(burst)} + ${exact(deadLettered)}`
  const verdict = make('span', isSound ? 'sound' : 'unsound', isSound ? 'balances' : 'does not balance')
  return make('tr', '', times(start, end), state('final'), make('td', 'sum', sum, ' ', verdict, bar))
}

function part(kind: 'edge' | 'burst' | 'dead', share: number): HTMLElement {
  const element = make('i', kind)
  element.style.flexGrow = String(Number.isFinite(share) ? share : 0)
  return element
}

function times(start: number, end: number): HTMLElement {
  const cell = make('th', 'times', `${moment(start, Date.now())} – ${moment(end, end)}`)
  cell.scope = 'row'
  return cell
}

const state = (phase: UnfinishedWindow['phase'] | 'final') => make('td', '', make('span', `phase ${phase}`, phase))

function spanning(text: string): HTMLElement {
  const cell = make('td', 'empty', text)
  cell.colSpan = 3
  return cell
}
