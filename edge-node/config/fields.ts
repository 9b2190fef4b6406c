import { z } from 'zod'

export const KiB = 1024
export const DAY_MS = 86_400_000
export const MiB = 1024 * KiB
export const GiB = 1024 * MiB

interface Bounds {
  readonly min: number
  readonly max?: number
}

/**
 * Kinds of settings. Each reads the typed value of a file as well as the text of a variable or a flag, and says in its
 * errors what it takes: the message of an issue completes "it takes ...".
 */
export const wholeNumber = (bounds: Bounds) => numberOf(bounds, 'a whole number', true)
export const decimal = (bounds: Bounds) => numberOf(bounds, 'a number', false)

/** A whole number that switches something off when it is 0. */
export function zeroOr({ min }: { readonly min: number }) {
  const error = `0, or a whole number of at least ${min}`
  const allowed = (value: number) => value === 0 || value >= min
  return z.preprocess(readNumber, z.number({ error }).int({ error }).min(0, { error }).refine(allowed, { error }))
}

function numberOf({ min, max }: Bounds, kind: string, isWhole: boolean) {
  const error = `${kind} ${max === undefined ? `of at least ${min}` : `from ${min} to ${max}`}`
  const bounded = z.number({ error }).min(min, { error })
  const within = max === undefined ? bounded : bounded.max(max, { error })
  return z.preprocess(readNumber, isWhole ? within.int({ error }) : within)
}

/** Digits may be grouped as in source code: 1_000. What is no number stays as it was, for the message. */
function readNumber(value: unknown): unknown {
  if (typeof value !== 'string' || !/^[-+]?[\d_]*\.?\d+(e\d+)?$/i.test(value.trim())) return value
  return Number(value.replaceAll('_', ''))
}

export function choice<const T extends readonly [string, ...string[]]>(values: T) {
  return z.enum(values, { error: `one of ${values.join(', ')}` })
}

export const text = (what: string) => z.string({ error: what }).min(1, { error: what })

/** On the command line a flag without a value; elsewhere true or false. */
export function yesOrNo() {
  const error = 'true or false'
  return z.preprocess((value) => (value === 'true' ? true : value === 'false' ? false : value), z.boolean({ error }))
}

/** Several texts: a list in a file, separated by commas elsewhere. */
export function texts(what: string) {
  const split = (value: unknown) => (typeof value === 'string' ? splitAtCommas(value) : value)
  const error = `a list of ${what}, separated by commas`
  return z.preprocess(split, z.array(z.string({ error }).min(1, { error }), { error }))
}

const splitAtCommas = (value: string) => value.split(',').map((part) => part.trim())
