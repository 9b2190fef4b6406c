import type { CellForm, Cells } from './cells'
import { type Bucket, type BucketCounts, bucketOf } from './log-bucket'
import { EMPTY_LIST, entriesAt, entryPlace, insertEntry } from './word-lists'

/** An entry is a bucket and the values in it; the entries ascend by bucket. */
const ENTRY_WORDS = 2
/** Prices over many powers of two have some hundreds of buckets. To insert into longer lists would take too long. */
const MAX_ENTRIES = 4_096
/** What a word can count. */
const MAX_VALUES = 0xffff_ffff
/** Where the number of all values is: behind the list. No word counts further than all of them together. */
const VALUES = EMPTY_LIST.length

/** Counts by bucket as a list. */
export const QUANTILE_CELLS: CellForm<number, BucketCounts> = {
  zero: [...EMPTY_LIST, 0],
  add: (cells, at, value) => {
    if (!fits(cells, at, 1, 1)) return false
    count(cells, at, bucketOf(value), 1)
    return true
  },
  merge: (cells, at, from, fromAt) => {
    if (Number.isNaN(from.numbers[fromAt])) return false
    const entries = entriesAt(from, fromAt)
    if (!fits(cells, at, entries, from.numbers[fromAt + VALUES]!)) return false
    for (let i = 0; i < entries; i++) {
      const place = entryPlace(from, fromAt, i, ENTRY_WORDS)
      count(cells, at, from.words[place]!, from.words[place + 1]! >>> 0)
    }
    return true
  },
  take: (cells, at, state) => {
    let values = 0
    for (const each of state.values()) values += each
    if (!fits(cells, at, state.size, values)) return false
    for (const [bucket, each] of state) count(cells, at, bucket, each)
    return true
  },
  read: (cells, at) => {
    const state: BucketCounts = new Map()
    for (let i = 0; i < entriesAt(cells, at); i++) {
      const place = entryPlace(cells, at, i, ENTRY_WORDS)
      state.set(cells.words[place]!, cells.words[place + 1]! >>> 0)
    }
    return state
  },
}

/** Whether so many more entries and values would fit if all of them had buckets of their own. */
const fits = ({ numbers }: Cells, at: number, entries: number, values: number) =>
  !Number.isNaN(numbers[at]) &&
  numbers[at + 1]! + entries <= MAX_ENTRIES &&
  numbers[at + VALUES]! + values <= MAX_VALUES

function count(cells: Cells, at: number, bucket: Bucket, values: number): void {
  let low = 0
  let high = entriesAt(cells, at)
  while (low < high) {
    const middle = (low + high) >>> 1
    if (cells.words[entryPlace(cells, at, middle, ENTRY_WORDS)]! < bucket) low = middle + 1
    else high = middle
  }
  let place = entryPlace(cells, at, low, ENTRY_WORDS)
  if (low === entriesAt(cells, at) || cells.words[place] !== bucket) {
    place = insertEntry(cells, at, low, ENTRY_WORDS)
    cells.words[place] = bucket
    cells.words[place + 1] = 0
  }
  cells.words[place + 1] = (cells.words[place + 1]! >>> 0) + values // a word keeps the lowest 32 bits of it
  cells.numbers[at + VALUES]! += values
}
