import type { Aggregate, Json } from '../core/pipeline/aggregate'

/** Values of three groups of events, as `read` gave them. */
export type Sample<Value> = readonly [a: readonly Value[], b: readonly Value[], c: readonly Value[]]

/** Two ways that have to come to the same, each in one text. */
type Sides = readonly [one: string, other: string]

/** A law by its name: what the aggregate makes of a sample in two ways. */
export type Laws<Value> = Readonly<Record<string, (sample: Sample<Value>) => Sides>>

/** The laws of an aggregate; their names say what must hold. */
export function lawsOf<Value, State>(aggregate: Aggregate<Value, State, unknown>): Laws<Value> {
  const { zero, add, merge, present, encode, decode } = methodsOf(aggregate)
  const folded = (values: readonly Value[]) => values.reduce(add, zero())
  const shown = (state: State) => text(present(state))
  const encoded = (state: State) => JSON.stringify(encode(state))
  const sent = (state: State) => decode(JSON.parse(encoded(state)) as Json)
  return {
    'each empty state is its own': ([a]) => {
      const before = encoded(zero())
      folded(a)
      return [encoded(zero()), before]
    },
    'add does not change the value': ([a, b]) => unchanged([...a, ...b], (values) => void values.reduce(add, zero())),
    'merging an empty state in changes nothing': ([a]) => [shown(merge(folded(a), zero())), shown(folded(a))],
    'merging into an empty state changes nothing': ([a]) => [shown(merge(zero(), folded(a))), shown(folded(a))],
    'merge is commutative': ([a, b]) => [shown(merge(folded(a), folded(b))), shown(merge(folded(b), folded(a)))],
    'merge is associative': ([a, b, c]) => [
      shown(merge(merge(folded(a), folded(b)), folded(c))),
      shown(merge(folded(a), merge(folded(b), folded(c)))),
    ],
    'add does not depend on the order': ([a, b]) => [
      shown(folded([...a, ...b])),
      shown(folded([...a, ...b].reverse())),
    ],
    'adding and then merging is the same as adding everything': ([a, b]) => [
      shown(merge(folded(a), folded(b))),
      shown(folded([...a, ...b])),
    ],
    'adding to what was merged is the same as merging what was added': ([a, b]) => [
      shown(b.reduce(add, merge(zero(), folded(a)))),
      shown(merge(folded(a), folded(b))),
    ],
    'decode gives the state back': ([a]) => [shown(sent(folded(a))), shown(folded(a))],
    'a decoded state goes on like the one that was encoded': ([a, b, c]) => [
      shown(c.reduce(add, merge(sent(folded(a)), sent(folded(b))))),
      shown(c.reduce(add, merge(folded(a), folded(b)))),
    ],
    'encode is deterministic': ([a]) => [encodedTwice(folded(a), encoded)[1], encoded(folded(a))],
    'merge does not change the state that it takes from': ([a, b]) => {
      const from = folded(b)
      const before = encoded(from)
      merge(folded(a), from)
      return [encoded(from), before]
    },
    'merge shares no state with the one that it takes from': ([a, b]) => {
      const from = folded(a)
      const before = encoded(from)
      b.reduce(add, merge(zero(), from))
      return [encoded(from), before]
    },
    'present does not change the state': ([a]) => {
      const state = folded(a)
      const before = encoded(state)
      present(state)
      return [encoded(state), before]
    },
    'encode does not change the state': ([a]) => {
      const state = folded(a)
      encode(state)
      return [shown(state), shown(folded(a))]
    },
  }
}

/** Called on the aggregate, so that those which are classes work as well. */
function methodsOf<Value, State, Result>(aggregate: Aggregate<Value, State, Result>) {
  return {
    zero: () => aggregate.zero(),
    add: (state: State, value: Value) => aggregate.add(state, value),
    merge: (into: State, from: State) => aggregate.merge(into, from),
    present: (state: State) => aggregate.present(state),
    encode: (state: State) => aggregate.encode(state),
    decode: (json: Json) => aggregate.decode(json),
  }
}

function encodedTwice<State>(state: State, encoded: (state: State) => string): Sides {
  return [encoded(state), encoded(state)]
}

function unchanged<Value>(values: readonly Value[], use: (values: readonly Value[]) => void): Sides {
  const before = text(values)
  use(values)
  return [text(values), before]
}

/** A value in a text that tells apart what JSON does not: -0, NaN, undefined, bigints, and what is in maps and sets. */
export function text(value: unknown): string {
  if (Object.is(value, -0)) return '-0'
  if (typeof value === 'bigint') return `${value}n`
  if (Array.isArray(value)) return `[${value.map(text).join(',')}]`
  if (value instanceof Map) return `Map${text([...value])}`
  if (value instanceof Set) return `Set${text([...value])}`
  if (ArrayBuffer.isView(value))
    return `Bytes${text([...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)])}`
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([name, field]) => `${JSON.stringify(name)}:${text(field)}`)
      .join(',')}}`
  }
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}
