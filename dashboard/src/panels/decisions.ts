import type { DecisionMade } from '../../../edge-node/observe/feed'
import { byId, make, showList } from '../dom'
import { count, duration, moment, words } from '../format'

/** The changes of mode, newest first; the facts of each unfold. */
export function showDecisions(decisions: readonly DecisionMade[]): void {
  const list = byId('decisions')
  if (decisions.length === 0) {
    list.replaceChildren(make('li', 'empty', 'No change of mode so far: all of the work fit without the cloud.'))
    return
  }
  showList(list, decisions, ({ atMs, bursting }) => `${atMs} ${bursting}`, item)
}

function item({ atMs, bursting, reason, facts }: DecisionMade): HTMLElement {
  const time = make('time', '', moment(atMs, Date.now()))
  time.dateTime = new Date(atMs).toISOString()
  const mode = make('strong', `mode ${bursting ? 'burst' : 'edge'}`, bursting ? 'Burst' : 'Edge only')
  const rows = Object.entries(facts).map(([name, value]) =>
    make('div', '', make('dt', '', words(name)), make('dd', '', factOf(name, value))),
  )
  const details = make('details', '', make('summary', '', 'facts'), make('dl', 'facts', ...rows))
  return make('li', '', time, mode, make('span', 'reason', reason), details)
}

function factOf(name: string, value: number | string): string {
  if (typeof value === 'string') return value
  if (name.endsWith('Ms')) return duration(value)
  return Number.isInteger(value) ? count(value) : value.toLocaleString('en-US', { maximumSignificantDigits: 4 })
}
