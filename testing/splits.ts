import { below, type Random, shuffled } from './random'

/**
 * A way to compute a window: events folded together, at the edge or sent as a partial in its encoded form, and partials
 * merged. Events are named by their place in the window.
 */
export type Split =
  | { readonly kind: 'fold'; readonly events: readonly number[]; readonly where: 'edge' | 'wire' }
  | { readonly kind: 'merge'; readonly into: Split; readonly from: Split }

const fold = (events: readonly number[], where: 'edge' | 'wire'): Split => ({ kind: 'fold', events, where })
const merge = (into: Split, from: Split): Split => ({ kind: 'merge', into, from })

/**
 * At most `most` ways for a window of `count` events, simple ones first: sent as a whole, in reverse order, each event by
 * itself, cut in two at each place (at some, where those would be more than half of the ways); then random groups, merged
 * at random.
 */
export function* splitsOf(count: number, most: number, random: Random): Generator<Split> {
  let left = most
  for (const split of simpleSplits(count, Math.ceil(most / 2))) {
    if (left-- <= 0) return
    yield split
  }
  while (count > 1 && left-- > 0) yield randomSplit(count, random)
}

function* simpleSplits(count: number, mostPlaces: number): Generator<Split> {
  const all = Array.from({ length: count }, (_, event) => event)
  yield fold(all, 'wire')
  if (count < 2) return
  yield fold([...all].reverse(), 'edge')
  yield oneByOne(all)
  const step = Math.max(1, Math.ceil((count - 1) / mostPlaces))
  for (let place = 1; place < count; place += step) {
    yield merge(fold(all.slice(0, place), 'edge'), fold(all.slice(place), 'wire'))
  }
}

/** Merged in pairs, and these in pairs: a chain would be as deep as there are events. */
function oneByOne(events: readonly number[]): Split {
  if (events.length === 1) return fold(events, 'wire')
  const half = Math.ceil(events.length / 2)
  return merge(oneByOne(events.slice(0, half)), oneByOne(events.slice(half)))
}

function randomSplit(count: number, random: Random): Split {
  const events = shuffled(
    random,
    Array.from({ length: count }, (_, event) => event),
  )
  const parts: Split[] = []
  while (events.length > 0) {
    parts.push(fold(events.splice(0, 1 + below(random, events.length)), random() < 0.5 ? 'edge' : 'wire'))
  }
  while (parts.length > 1) {
    const [into] = parts.splice(below(random, parts.length), 1)
    const [from] = parts.splice(below(random, parts.length), 1)
    parts.push(merge(into!, from!))
  }
  return parts[0]!
}

/** A split in words: `(0,1)` is folded at the edge, `[2]` is sent as a partial, `{a + b}` is a merge of parts. */
export function splitInWords(split: Split, nameOf: (event: number) => number): string {
  if (split.kind === 'merge') return `{${splitInWords(split.into, nameOf)} + ${splitInWords(split.from, nameOf)}}`
  const events = split.events.map(nameOf).join(',')
  return split.where === 'edge' ? `(${events})` : `[${events}]`
}
