import type { Aggregate } from '../aggregate'
import { type ExtremeState, extreme } from './extreme'
import { fieldSignature } from './field'

/** The largest value of a number field. */
export function max(field: string): Aggregate<number, ExtremeState, number> {
  return extreme(fieldSignature('max', field), field, (candidate, kept) => candidate > kept)
}
