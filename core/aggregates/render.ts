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
