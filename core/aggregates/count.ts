import type { Aggregate } from '../pipeline/aggregate'
import { decodeCount } from './aggregates'

/** The number of events. It reads nothing, so it refuses nothing. */
export function count(): Aggregate<null, number, number> {
  const signature = 'count()'
  return {
    signature,
    read: Object.assign(() => null, { field: null, ofValue: () => null }),
    zero: () => 0,
    add: (state) => state + 1,
    merge: (into, from) => into + from,
    present: (state) => state,
    encode: (state) => state,
    decode: (json) => decodeCount(signature, json),
  }
}
