import type { FieldAggregate, Json } from '../pipeline/aggregate'
import { decodeCount, fieldSignature, malformed, numberReader } from './aggregates'
import { type CellForm, inCells } from './cells'
import { addExactly, canonical, decodeExpansion, type Expansion, mergeExactly, roundOnce } from './exact-sum'
import { addAllInPlace, addInPlace, EMPTY_SUM, expansionAt } from './exact-sum-cells'

/** The exact sum and the number of the values in it. */
export type MeanState = { sum: Expansion; count: number }

/**
 * The correctly rounded sum of a number field, divided once by the count. NaN without events (which no row of a window
 * shows).
 */
export function mean<Field extends string>(field: Field): FieldAggregate<Field, number, number, MeanState, number> {
  const signature = fieldSignature('mean', field)
  const aggregate: FieldAggregate<Field, number, number, MeanState, number> = {
    signature,
    field,
    read: numberReader(field),
    zero: () => ({ sum: [], count: 0 }),
    add,
    merge,
    present: (state) => roundOnce(state.sum) / state.count + 0, // a tiny negative sum divides to -0
    encode: (state) => [state.count, ...canonical(state.sum)],
    decode: (json) => decode(signature, json),
  }
  return inCells(aggregate, CELLS)
}

/** Where the count is: behind the sum. */
const COUNT = EMPTY_SUM.length

const CELLS: CellForm<number, MeanState> = {
  zero: [...EMPTY_SUM, 0],
  add: ({ numbers }, at, value) => {
    if (!addInPlace(numbers, at, value)) return false
    numbers[at + COUNT]! += 1
    return true
  },
  merge: ({ numbers }, at, from, fromAt) => {
    if (!addAllInPlace(numbers, at, from.numbers, fromAt, fromAt + COUNT)) return false
    numbers[at + COUNT]! += from.numbers[fromAt + COUNT]!
    return true
  },
  take: ({ numbers }, at, { sum, count }) => {
    if (!addAllInPlace(numbers, at, sum, 0, sum.length)) return false
    numbers[at + COUNT]! += count
    return true
  },
  read: ({ numbers }, at) => ({ sum: expansionAt(numbers, at), count: numbers[at + COUNT]! }),
}

function add(state: MeanState, value: number): MeanState {
  addExactly(state.sum, value)
  state.count += 1
  return state
}

function merge(into: MeanState, from: MeanState): MeanState {
  mergeExactly(into.sum, from.sum)
  into.count += from.count
  return into
}

function decode(signature: string, json: Json): MeanState {
  if (!Array.isArray(json)) throw malformed(signature, 'an array', json)
  const [first, ...components] = json
  const count = decodeCount(signature, first)
  const sum = decodeExpansion(signature, components)
  if (count === 0 && sum.length > 0) throw malformed(signature, 'no sum for a count of 0', json)
  return { sum, count }
}
