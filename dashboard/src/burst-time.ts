import type { BurstPartShown } from '../../edge-node/feed'
import { byId, make, setText, showList } from './dom'
import { duration } from './format'
import { type PartShare, partShares } from './part-shares'

/** Where the time of envelopes that burst goes: as one bar, and part by part. */
export function showBurstTime(parts: readonly BurstPartShown[]): void {
  const shares = partShares(parts)
  byId('burst-time').hidden = shares.length === 0
  const bar = byId('burst-time-bar')
  showList(bar, shares, nameOf, ({ part }) => make('i', `part-${part}`))
  const rows = byId('burst-time-parts')
  showList(rows, shares, nameOf, row)
  for (const [place, { share, p50, p99 }] of shares.entries()) {
    ;(bar.children[place] as HTMLElement).style.flexGrow = String(share)
    const [, usual, long] = rows.children[place]!.children
    setText(usual!, duration(p50))
    setText(long!, duration(p99))
  }
}

const nameOf = ({ part }: PartShare) => part

function row({ part, inWords }: PartShare): HTMLElement {
  const name = make('th', '', make('i', `part-${part}`), part, ' ', make('span', 'quiet', inWords))
  name.scope = 'row'
  return make('tr', '', name, make('td', 'number', ''), make('td', 'number', ''))
}
