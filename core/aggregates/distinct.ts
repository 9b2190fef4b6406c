import { type FieldAggregate, isUnsafeInteger, unsafeInteger } from '../pipeline/aggregate'
import { fieldSignature, scalarReader } from './aggregates'
import { inCells } from './cells'
import { DISTINCT_CELLS } from './distinct-cells'
import { mergeRegisters, type Observation, observationOf, observe, type Registers } from './hyperloglog'
import { decodeRegisters, encodeRegisters } from './hyperloglog-codec'
import { estimate } from './hyperloglog-estimate'

/**
 * About how many different values a field of strings, numbers or booleans has; standard error 1.6 %. The string "1",
 * the number 1 and true differ. The value is hashed once, in `read`, so that adding it is cheap.
 */
export function distinct<Field extends string>(
  field: Field,
): FieldAggregate<Field, string | number | boolean, Observation, Registers, number> {
  const signature = fieldSignature('distinct', field)
  const aggregate: FieldAggregate<Field, string | number | boolean, Observation, Registers, number> = {
    signature,
    field,
    read: scalarReader(field, (value) =>
      isUnsafeInteger(value) ? unsafeInteger(`field "${field}"`) : observationOf(scalarText(value)),
    ),
    zero: () => [],
    add: observe,
    merge: mergeRegisters,
    present: estimate,
    encode: encodeRegisters,
    decode: (json) => decodeRegisters(signature, json),
  }
  return inCells(aggregate, DISTINCT_CELLS)
}

/** One text per value; the letter keeps values of different types apart. */
function scalarText(value: string | number | boolean): string {
  switch (typeof value) {
    case 'string':
      return `s${value}`
    case 'number':
      return `n${value}`
    case 'boolean':
      return `b${value}`
  }
}
