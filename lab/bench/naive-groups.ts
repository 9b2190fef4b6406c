/** What a naive program keeps of a key: a count, a sum that is rounded at each step, and the largest. */
export interface NaiveGroup {
  bids: number
  revenue: number
  top: number
}

/** Adds a price to the group of its key: the rival that figures of folding are held against. */
export function addNaively(groups: Map<string, NaiveGroup>, key: string, price: number): void {
  const group = groups.get(key)
  if (group === undefined) groups.set(key, { bids: 1, revenue: price, top: price })
  else {
    group.bids += 1
    group.revenue += price
    if (price > group.top) group.top = price
  }
}
