import type { FieldAggregate } from '../pipeline/aggregate'
import { fieldSignature, numberReader } from './aggregates'
import { type CellForm, inCells } from './cells'
import { addExactly, canonical, decodeExpansion, type Expansion, mergeExactly, roundOnce } from './exact-sum'
import { addAllInPlace, addInPlace, EMPTY_SUM, expansionAt } from './exact-sum-cells'

/** The exact sum of a number field, rounded once to the nearest double (ties to even); 0 for no events, never -0. */
export function sum<Field extends string>(field: Field): FieldAggregate<Field, number, number, Expansion, number> {
  const signature = fieldSignature('sum', field)
  const aggregate: FieldAggregate<Field, number, number, Expansion, number> = {
    signature,
    field,
    read: numberReader(field),
    zero: () => [],
    add: addExactly,
    merge: mergeExactly,
    present: roundOnce,
    encode: canonical,
    decode: (json) => decodeExpansion(signature, json),
  }
  return inCells(aggregate, CELLS)
}

const CELLS: CellForm<number, Expansion> = {
  zero: EMPTY_SUM,
  add: ({ numbers }, at, value) => addInPlace(numbers, at, value),
  merge: ({ numbers }, at, from, fromAt) => addAllInPlace(numbers, at, from.numbers, fromAt, fromAt + EMPTY_SUM.length),
  take: ({ numbers }, at, state) => addAllInPlace(numbers, at, state, 0, state.length),
  read: ({ numbers }, at) => expansionAt(numbers, at),
}
