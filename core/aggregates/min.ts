import type { FieldAggregate } from '../aggregate'
import { type ExtremeState, extreme } from './extreme'
import { fieldSignature } from './field'

/** The smallest value of a number field. */
export function min<Field extends string>(field: Field): FieldAggregate<Field, number, number, ExtremeState, number> {
  return extreme(fieldSignature('min', field), field, (candidate, kept) => candidate < kept)
}
