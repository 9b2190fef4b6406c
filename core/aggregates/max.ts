import type { FieldAggregate } from '../aggregate'
import { type ExtremeState, extreme } from './extreme'
import { fieldSignature } from './field'

/** The largest value of a number field. */
export function max<Field extends string>(field: Field): FieldAggregate<Field, number, number, ExtremeState, number> {
  return extreme(fieldSignature('max', field), field, (candidate, kept) => candidate > kept)
}
