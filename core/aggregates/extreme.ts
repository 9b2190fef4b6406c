import type { FieldAggregate, Json } from '../pipeline/aggregate'
import { fieldSignature, MAX_MAGNITUDE, malformed, numberReader } from './aggregates'
import { type CellForm, type Cells, inCells } from './cells'

/** The best value so far, null before the first. */
export type ExtremeState = number | null

/**
 * What `min` and `max` share: keeps whichever value `better(candidate, kept)` prefers. NaN without events (which no row
 * of a window shows).
 */
export function extreme<Field extends string>(
  signature: string,
  field: Field,
  better: (candidate: number, kept: number) => boolean,
): FieldAggregate<Field, number, number, ExtremeState, number> {
  const add = (state: ExtremeState, value: number) => (state === null || better(value, state) ? value : state)
  const aggregate: FieldAggregate<Field, number, number, ExtremeState, number> = {
    signature,
    field,
    read: numberReader(field),
    zero: () => null,
    add,
    merge: (into, from) => (from === null ? into : add(into, from)),
    present: (state) => state ?? Number.NaN,
    encode: (state) => state,
    decode: (json) => decode(signature, json),
  }
  return inCells(aggregate, cellsOf(better))
}

/** NaN stands for no value; no value is NaN. */
function cellsOf(better: (candidate: number, kept: number) => boolean): CellForm<number, ExtremeState> {
  const add = ({ numbers }: Cells, at: number, value: number) => {
    const kept = numbers[at]!
    if (Number.isNaN(kept) || better(value, kept)) numbers[at] = value
    return true
  }
  return {
    zero: [Number.NaN],
    add,
    merge: (cells, at, from, fromAt) => Number.isNaN(from.numbers[fromAt]) || add(cells, at, from.numbers[fromAt]!),
    take: (cells, at, state) => state === null || add(cells, at, state),
    read: ({ numbers }, at) => (Number.isNaN(numbers[at]) ? null : numbers[at]!),
  }
}

function decode(signature: string, json: Json): ExtremeState {
  if (json === null) return null
  if (typeof json === 'number' && Math.abs(json) <= MAX_MAGNITUDE) return json + 0
  throw malformed(signature, 'null or a number up to 2^970', json)
}

/** The largest value of a number field. */
export function max<Field extends string>(field: Field): FieldAggregate<Field, number, number, ExtremeState, number> {
  return extreme(fieldSignature('max', field), field, (candidate, kept) => candidate > kept)
}

/** The smallest value of a number field. */
export function min<Field extends string>(field: Field): FieldAggregate<Field, number, number, ExtremeState, number> {
  return extreme(fieldSignature('min', field), field, (candidate, kept) => candidate < kept)
}
