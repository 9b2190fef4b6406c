// For: what a window says of its events, one file an aggregate; here is what they share.
// In: fields of events.
// Out: states that merge in any order, and the values that results show.

import type { Json } from '../pipeline/aggregate'
import { type FieldReader, fieldReader, Refusal } from '../pipeline/aggregate'

/** 2^970: a sum of 2^53 values of this size still fits in a double, so that no state can overflow. */
export const MAX_MAGNITUDE = 9.979201547673599e291

/** `name("field",...args)`. Throws a RangeError when the field is not a non-empty string. */
export function fieldSignature(name: string, field: string, ...args: number[]): string {
  if (typeof field !== 'string' || field === '') {
    throw new RangeError(`${name}: the field must be a non-empty string, not ${render(field)}`)
  }
  return `${name}(${[JSON.stringify(field), ...args].join(',')})`
}

/** Reads a finite number of at most `MAX_MAGNITUDE` from an event's own field; -0 is read as 0. */
export function numberReader(field: string): FieldReader<number> {
  return fieldReader(field, (value) => {
    if (typeof value !== 'number' || !Number.isFinite(value)) return refuse('not_a_number', field, value)
    if (Math.abs(value) > MAX_MAGNITUDE) return refuse('out_of_range', field, value)
    return value + 0
  })
}

/** Reads a string, a finite number or a boolean from an event's own field, and makes something of it. */
export function scalarReader<Value>(
  field: string,
  make: (value: string | number | boolean) => Value | Refusal,
): FieldReader<Value> {
  return fieldReader(field, (value) => {
    if (typeof value === 'string' || typeof value === 'boolean') return make(value)
    if (typeof value === 'number' && Number.isFinite(value)) return make(value)
    return refuse('not_a_scalar', field, value)
  })
}

const EXPECTED = {
  not_a_number: 'is not a finite number',
  out_of_range: 'is beyond ±2^970',
  not_a_scalar: 'is not a string, a finite number or a boolean',
} as const

function refuse(code: keyof typeof EXPECTED, field: string, value: unknown): Refusal {
  if (value === undefined) return new Refusal(code, `field ${render(field)} is missing`)
  return new Refusal(code, `field ${render(field)} ${EXPECTED[code]}: ${render(value)}`)
}

/**
 * The longest rendering, so that a reason fits on one line and a megabyte of text is never copied into a dead letter.
 */
const MAX_CHARS = 60

/** A value in at most 60 characters, for reasons and error messages; reads nothing below the value itself. */
export function render(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  switch (typeof value) {
    case 'string':
      return shorten(JSON.stringify(value.slice(0, MAX_CHARS)))
    case 'object':
      return 'an object'
    case 'function':
      return 'a function'
    case 'bigint':
      return 'a bigint'
    case 'symbol':
      return 'a symbol'
    default:
      return String(value)
  }
}

function shorten(quoted: string): string {
  return quoted.length <= MAX_CHARS ? quoted : `${quoted.slice(0, MAX_CHARS - 2)}…"`
}

/** The error of a `decode` that met something `encode` never makes. */
export function malformed(signature: string, expected: string, json: Json | undefined): RangeError {
  return new RangeError(`state of ${signature}: ${expected} expected, got ${render(json)}`)
}

/** A number of events: an integer from 0 to 2^53 - 1. */
export function decodeCount(signature: string, json: Json | undefined): number {
  if (typeof json === 'number' && Number.isSafeInteger(json) && json >= 0) return json
  throw malformed(signature, 'a count', json)
}
