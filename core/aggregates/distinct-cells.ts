import type { CellForm, Cells } from './cells'
import { MAX_SPARSE, type Observation, type Registers, registerOf } from './hyperloglog'
import { EMPTY_LIST, entriesAt, entryPlace, insertEntry } from './word-lists'

/** Sparse registers as a list: the highest observation of each, ascending. Dense ones do not fit. */
export const DISTINCT_CELLS: CellForm<Observation, Registers> = {
  zero: EMPTY_LIST,
  add: (cells, at, observation) => {
    if (!fits(cells, at, 1)) return false
    observe(cells, at, observation)
    return true
  },
  merge: (cells, at, from, fromAt) => {
    if (Number.isNaN(from.numbers[fromAt]) || !fits(cells, at, entriesAt(from, fromAt))) return false
    for (let i = 0; i < entriesAt(from, fromAt); i++) observe(cells, at, from.words[entryPlace(from, fromAt, i, 1)]!)
    return true
  },
  take: (cells, at, state) => {
    if (!Array.isArray(state) || !fits(cells, at, state.length)) return false
    for (const observation of state) observe(cells, at, observation)
    return true
  },
  read: (cells, at) => {
    const place = entryPlace(cells, at, 0, 1)
    return Array.from(cells.words.subarray(place, place + entriesAt(cells, at)))
  },
}

/** Whether so many more would fit if all of them had registers of their own. */
const fits = (cells: Cells, at: number, more: number) =>
  !Number.isNaN(cells.numbers[at]) && entriesAt(cells, at) + more <= MAX_SPARSE

function observe(cells: Cells, at: number, observation: Observation): void {
  const register = registerOf(observation)
  let low = 0
  let high = entriesAt(cells, at)
  while (low < high) {
    const middle = (low + high) >>> 1
    if (registerOf(cells.words[entryPlace(cells, at, middle, 1)]!) < register) low = middle + 1
    else high = middle
  }
  const place = entryPlace(cells, at, low, 1)
  if (low < entriesAt(cells, at) && registerOf(cells.words[place]!) === register) {
    if (observation > cells.words[place]!) cells.words[place] = observation
  } else {
    const inserted = insertEntry(cells, at, low, 1)
    cells.words[inserted] = observation
  }
}
