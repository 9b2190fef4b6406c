import type { Overview } from '../../edge-node/feed'
import { showBurstTime } from './burst-time'
import { cloudFacts } from './cloud-facts'
import { byId, make, setText, showList } from './dom'

/**
 * The way to the cloud and back. `meanMs` is what envelopes take now, from how many are under way and how fast they
 * come back.
 */
export function showCloud({ cloud, bursting }: Overview, meanMs: number | null): void {
  setText(byId('cloud-state'), cloud.away ?? (bursting ? 'in use' : 'not in use'))
  const facts = cloudFacts(cloud, meanMs)
  const list = byId('cloud')
  showList(
    list,
    facts,
    ([name]) => name,
    ([name]) => make('div', '', make('dt', '', name), make('dd', '')),
  )
  for (const [place, [, value]] of facts.entries()) setText(list.children[place]!.lastElementChild!, value)
  showBurstTime(cloud.parts)
}
