import type { Aggregate } from '../pipeline/aggregate'
import { decodeCount } from './aggregates'
import { type CellForm, inCells } from './cells'

/** The number of events. It reads nothing, so it refuses nothing. */
export function count(): Aggregate<null, number, number> {
  const signature = 'count()'
  const aggregate: Aggregate<null, number, number> = {
    signature,
    read: Object.assign(() => null, { field: null, ofValue: () => null }),
    zero: () => 0,
    add: (state) => state + 1,
    merge: (into, from) => into + from,
    present: (state) => state,
    encode: (state) => state,
    decode: (json) => decodeCount(signature, json),
  }
  return inCells(aggregate, CELLS)
}

const CELLS: CellForm<null, number> = {
  zero: [0],
  add: ({ numbers }, at) => {
    numbers[at]! += 1
    return true
  },
  merge: ({ numbers }, at, from, fromAt) => {
    numbers[at]! += from.numbers[fromAt]!
    return true
  },
  take: ({ numbers }, at, state) => {
    numbers[at]! += state
    return true
  },
  read: ({ numbers }, at) => numbers[at]!,
}
