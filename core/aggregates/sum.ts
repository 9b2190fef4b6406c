import type { FieldAggregate } from '../pipeline/aggregate'
import { fieldSignature, numberReader } from './aggregates'
import { addExactly, canonical, decodeExpansion, type Expansion, mergeExactly, roundOnce } from './exact-sum'

/** The exact sum of a number field, rounded once to the nearest double (ties to even); 0 for no events, never -0. */
export function sum<Field extends string>(field: Field): FieldAggregate<Field, number, number, Expansion, number> {
  const signature = fieldSignature('sum', field)
  return {
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
}
