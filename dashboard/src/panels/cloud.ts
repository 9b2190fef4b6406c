import type { BurstPartShown, Overview } from '../../../edge-node/observe/feed'
import { byId, make, setText, showList } from '../dom'
import { bytes, count, duration, exact, rate } from '../format'
import { type PartShare, partShares } from './figures'

const UNKNOWN = 'not known'

/** Name and value of each fact of the way to the cloud. `meanMs` is what envelopes take now. */
export function cloudFacts(cloud: Overview['cloud'], meanMs: number | null): (readonly [string, string])[] {
  const { shards, parallelization, latencyMs, iteratorAgeMs, ceilingRate, divertUs, foldUs, laneRate } = cloud
  const lanes = shards * parallelization
  const { inFlightEnvelopes, inFlightEvents, inFlightBytes } = cloud
  return [
    ['In flight', `${exact(inFlightEnvelopes)} envelopes, ${count(inFlightEvents)} events, ${bytes(inFlightBytes)}`],
    ['Put → partial', latencyOf(latencyMs, meanMs)],
    ['Throttled puts', exact(cloud.throttled)],
    ['Iterator age', iteratorAgeMs === null ? UNKNOWN : duration(iteratorAgeMs)],
    ['Lanes', `${lanes} (${plural(shards, 'shard')} × ${parallelization})`],
    ['Wide enough?', cloud.capacity],
    ['A lane folds', laneRate > 0 ? `${rate(laneRate)}, all of them ${rate(laneRate * lanes)}` : UNKNOWN],
    ['The cloud takes', ceilingRate === null ? 'no limit met' : `about ${rate(ceilingRate)}`],
    ['Sending an event', divertUs > 0 ? `${micros(divertUs)} of this machine; folding it ${micros(foldUs)}` : UNKNOWN],
    ['Sent and run', `${exact(cloud.records)} records, ${exact(cloud.invocations)} invocations`],
  ]
}

function latencyOf(latencyMs: Overview['cloud']['latencyMs'], meanMs: number | null): string {
  const measured =
    latencyMs === null || latencyMs.max === 0 ? [] : [`p50 ${duration(latencyMs.p50)}, p99 ${duration(latencyMs.p99)}`]
  const now = meanMs === null ? [] : [`about ${duration(meanMs)} now`]
  return [...measured, ...now].join('; ') || UNKNOWN
}

const plural = (number: number, noun: string) => `${number} ${noun}${number === 1 ? '' : 's'}`
const micros = (us: number) => `${us.toLocaleString('en-US', { maximumSignificantDigits: 3 })} µs`

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

/**
 * The way to the cloud and back. `meanMs` is what envelopes take now, from how many are under way and how fast they
 * come back.
 */
export function showCloud({ cloud, bursting }: Overview, meanMs: number | null): void {
  byId('cloud').hidden = cloud.none === true
  if (cloud.none) {
    setText(byId('cloud-state'), 'no cloud: back-pressure above capacity')
    return
  }
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
