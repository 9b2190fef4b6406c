import { type Draw, draws } from '../../load/events/random'

/** What the fault proxy can do to a request, besides passing it on. */
export const FAULT_KINDS = [
  'latency',
  'reset',
  'server-error',
  'throttle',
  'partial',
  'half-open',
  'lost-response',
] as const

export type FaultKind = (typeof FAULT_KINDS)[number]

/**
 * What happens to one request. `latency`: it is passed on later. `reset`: the connection is reset and the request has
 * no effect. `server-error`, `throttle`: answered as AWS does when it fails or is asked too much. `partial`: a batch of
 * which some entries are turned away inside a success; `pick` in [0, 1) says which. `half-open`: taken and never
 * answered, for `holdMs` at most. `lost-response`: it takes effect, and the connection is reset in place of the answer.
 */
export type Fault =
  | { readonly kind: 'none' }
  | { readonly kind: 'latency'; readonly delayMs: number }
  | { readonly kind: 'reset' }
  | { readonly kind: 'server-error' }
  | { readonly kind: 'throttle' }
  | { readonly kind: 'partial'; readonly pick: number }
  | { readonly kind: 'half-open'; readonly holdMs: number }
  | { readonly kind: 'lost-response' }

/** A time of faults, in ms since they began: `share` of the requests meet its kind, a few others meet any kind. */
export interface Episode {
  readonly fromMs: number
  readonly toMs: number
  readonly kind: FaultKind
  readonly share: number
}

const STRAY_SHARE = 0.05 // real trouble is never of one kind only
const LONGEST_DELAY_MS = 1_500
const HOLD_MS = 600_000 // longer than a run: such a connection never says that it is dead, its caller has to give it up
/** A held request costs its caller a whole timeout, so fewer of them do the same harm. */
const SHARES: Readonly<Record<'half-open' | 'other', readonly [least: number, most: number]>> = {
  'half-open': [0.1, 0.3],
  other: [0.3, 0.8],
}

const between = (least: number, most: number, unit: number) => least + (most - least) * unit

/**
 * The episodes of a run: every kind in a seeded order, again and again, with quiet times between them. The same seed
 * gives the same plan.
 */
export function planEpisodes(seed: number, lengthMs: number): Episode[] {
  const [order, times, shares] = [draws(seed, 'kinds'), draws(seed, 'times'), draws(seed, 'shares')]
  const episodes: Episode[] = []
  for (let n = 0, fromMs = 0; ; n++) {
    fromMs += between(300, 1_200, times(2 * n))
    const toMs = fromMs + between(1_500, 3_500, times(2 * n + 1))
    if (toMs > lengthMs) return episodes
    const kind = nthKind(n, order)
    const [least, most] = SHARES[kind === 'half-open' ? kind : 'other']
    episodes.push({ fromMs, toMs, kind, share: between(least, most, shares(n)) })
    fromMs = toMs
  }
}

/** What request `n` meets at `atMs`. Pure: the same arguments give the same fault. */
export function faultAt(episodes: readonly Episode[], seed: number, atMs: number, n: number): Fault {
  const episode = episodes.find(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs)
  if (episode === undefined) return { kind: 'none' }
  const [hits, strays, details] = [draws(seed, 'hits')(n), draws(seed, 'strays')(n), draws(seed, 'details')(n)]
  if (hits < episode.share) return faultOf(episode.kind, details)
  if (hits >= 1 - STRAY_SHARE) return faultOf(kindAt(Math.floor(strays * FAULT_KINDS.length)), details)
  return { kind: 'none' }
}

function faultOf(kind: FaultKind, unit: number): Fault {
  switch (kind) {
    case 'latency':
      return { kind, delayMs: Math.round(unit * LONGEST_DELAY_MS) }
    case 'partial':
      return { kind, pick: unit }
    case 'half-open':
      return { kind, holdMs: HOLD_MS }
    case 'reset':
    case 'server-error':
    case 'throttle':
    case 'lost-response':
      return { kind }
  }
}

/** Each round has every kind once, in an order of its own. */
function nthKind(n: number, order: Draw): FaultKind {
  const count = FAULT_KINDS.length
  const round = n - (n % count)
  const shuffled = FAULT_KINDS.map((kind, index) => ({ kind, rank: order(round + index) }))
  return shuffled.sort((a, b) => a.rank - b.rank)[n % count]!.kind
}

const kindAt = (index: number): FaultKind => FAULT_KINDS[index]!
