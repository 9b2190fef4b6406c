/**
 * Why a value or an event cannot be folded. Trying again at once does not help; what `map` refused may be replayed
 * later.
 */
export class Refusal {
  constructor(
    readonly code:
      | 'not_a_number'
      | 'out_of_range'
      | 'not_a_scalar'
      | 'missing_key'
      | 'key_too_long'
      | 'unsafe_integer'
      | 'map_failed'
      | 'map_timeout'
      | 'map_killed'
      | 'by_hand',
    readonly reason: string,
  ) {}
}

/**
 * A whole number that a double cannot tell from its neighbours, though JSON can. In a sum it is rounded like any other
 * number; as a key or a member of a set it would turn two into one.
 */
export const isUnsafeInteger = (value: unknown): boolean =>
  typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)

/** Why such a value is no identity, and what to do. */
export const unsafeInteger = (what: string): Refusal =>
  new Refusal('unsafe_integer', `${what} is a whole number beyond 2^53 - 1, which a double rounds: send it as a string`)

/** What user code threw, in words. Anything can be thrown, also what cannot become text. */
export function messageOf(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error)
  } catch {
    return 'it threw something without a text'
  }
}

/** What `JSON.parse` can return. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/**
 * A commutative monoid over events: `merge` is associative and commutative with `zero()` as its unit, and adding events
 * one by one or merging partial states gives the same `present`ed result to the bit, in any order.
 * `test/core/pipeline/aggregate-laws.test.ts` holds every aggregate to that.
 */
export interface Aggregate<Value, State, Result> {
  /** Function and arguments, e.g. `sum("price")`. Part of the pipeline's version. */
  readonly signature: string
  /**
   * The value that `add` takes, or why the event has none. Called before any `add`, so that an event counts everywhere
   * or nowhere.
   */
  read(event: unknown): Value | Refusal
  /** A new, empty state, never shared. */
  zero(): State
  /** Adds a value; may change and return `state`. */
  add(state: State, value: Value): State
  /** Joins two states; may change and return `into`, never changes `from`. */
  merge(into: State, from: State): State
  /** The result a user sees. Does not change `state`. */
  present(state: State): Result
  /** The whole state as JSON; `decode(JSON.parse(JSON.stringify(encode(s))))` behaves exactly like `s`. */
  encode(state: State): Json
  /** Throws a RangeError that names what is wrong when `json` was not made by `encode`. */
  decode(json: Json): State
}

/**
 * An aggregate of one field of the event. `takes` is never there: it lets the compiler hold `Taken`, what a value of
 * the field may be, against the event that a pipeline declares.
 */
export interface FieldAggregate<Field extends string, Taken, Value, State, Result>
  extends Aggregate<Value, State, Result> {
  readonly field: Field
  readonly takes?: (value: Taken) => void
}

/**
 * A `read` that looks at one field and at nothing else. It says which (null: at none) and what it makes of the value, so
 * that the field may be found without parsing the event. An own property `undefined` is a field that is not there.
 */
export interface FieldReader<Value> {
  (event: unknown): Value | Refusal
  readonly field: string | null
  readonly ofValue: (value: unknown) => Value | Refusal
}

/** Reads own properties only: every object inherits `constructor`, and an event may have a field `__proto__`. */
export function fieldReader<Value>(field: string, ofValue: (value: unknown) => Value | Refusal): FieldReader<Value> {
  return Object.assign((event: unknown) => ofValue(ownValue(event, field)), { field, ofValue })
}

/** The value of an event's own field; undefined when it has none. */
export function ownValue(event: unknown, field: string): unknown {
  if (typeof event !== 'object' || event === null || !Object.hasOwn(event, field)) return undefined
  return (event as Record<string, unknown>)[field]
}

/** The reader of an aggregate as one of a field; null where it may look at all of the event. */
export function asFieldReader<Value>(read: (event: unknown) => Value | Refusal): FieldReader<Value> | null {
  return 'ofValue' in read ? (read as FieldReader<Value>) : null
}
