/**
 * The event whose fields key and aggregates name: what `map` returns, or the event itself where there is no `map`.
 * `Given` is the type of the options as they were written. The compiler looks at them twice, at first without the
 * functions whose parameters it has to infer. Then nothing is known of them, and any name has to pass.
 */
export type Aggregated<Event, Mapped, Given> = unknown extends Given
  ? unknown
  : Given extends { map: object }
    ? Mapped
    : Event

type NameOf<Event> = keyof Event & string

/** What stands in place of the right type where a name is wrong: the compiler prints it with its message. */
type NoField<Field extends string, Event> = `the event has no field "${Field}"; it has: ${NameOf<Event>}`

/** Unknown, which everything is, where the event has a field of that name, or nothing is known of its fields. */
type Named<Field, Event> = Field extends string
  ? string extends Field
    ? unknown
    : unknown extends Event
      ? unknown
      : Field extends keyof Event
        ? unknown
        : { readonly [_ in NoField<Field, Event>]: never }
  : unknown

/** `Named` for the field that an option names, as `key` or `timestamp` do. */
export type NamedBy<Given, Option extends string, Event> = Given extends { readonly [_ in Option]: infer Field }
  ? Named<Field extends { readonly field: infer Inner } ? Inner : Field, Event>
  : unknown

/** The same for an aggregate, whose field has to be of a type that it takes. */
export type Fitting<Event, One> = One extends {
  readonly field: infer Field extends string
  readonly takes?: infer Takes
}
  ? unknown extends Event
    ? unknown
    : Field extends keyof Event
      ? FieldFits<Event[Field], TakenBy<Takes>> extends true
        ? unknown
        : `the field "${Field}" of the event has a type that this aggregate does not take`
      : NoField<Field, Event>
  : unknown

type TakenBy<Takes> = NonNullable<Takes> extends (value: infer Taken) => void ? Taken : never

/** An event that lacks the value is dead-lettered, so that only what is there has to fit. */
type FieldFits<Value, Taken> = unknown extends Value ? true : NonNullable<Value> extends Taken ? true : false
