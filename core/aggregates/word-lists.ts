import type { Cells } from './cells'

/** Room of the shortest list; longer ones have a power of two. */
const LEAST_ENTRIES = 4

/** What a list takes in `numbers`: where it begins among the words, and how many entries it has. */
export const EMPTY_LIST = [0, 0] as const

export const entriesAt = (cells: Cells, at: number): number => cells.numbers[at + 1]!

/** Where entry `index` of a list begins among the words. */
export const entryPlace = (cells: Cells, at: number, index: number, size: number): number =>
  cells.numbers[at]! + index * size

/** Puts an entry of `size` words before entry `index`, and returns where it begins. Its words are to be written. */
export function insertEntry(cells: Cells, at: number, index: number, size: number): number {
  const { numbers } = cells
  const entries = numbers[at + 1]!
  if (isFull(entries)) move(cells, at, entries, size)
  const place = numbers[at]! + index * size
  cells.words.copyWithin(place + size, place, numbers[at]! + entries * size)
  numbers[at + 1] = entries + 1
  return place
}

/** Lists only grow, so that their length tells their room. */
const isFull = (entries: number) => entries === 0 || (entries >= LEAST_ENTRIES && (entries & (entries - 1)) === 0)

function move(cells: Cells, at: number, entries: number, size: number): void {
  const before = cells.numbers[at]!
  const place = cells.takeWords(Math.max(LEAST_ENTRIES, entries * 2) * size)
  cells.words.copyWithin(place, before, before + entries * size)
  if (entries > 0) cells.giveWords(before, entries * size)
  cells.numbers[at] = place
}
