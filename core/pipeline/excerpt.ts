const QUOTED_INPUT = /(Unexpected [^,]*, )?(\.\.\.)?"[\s\S]*"(\.\.\.)? is not valid JSON/g

/** What an error says, for a log: without what `JSON.parse` quotes of its input, which may be an event. */
export const errorText = (error: unknown): string => String(error).replace(QUOTED_INPUT, 'the input is not valid JSON')

/**
 * The first characters of a text, as a text of its own. In V8 a part of a string is a view that keeps the whole alive,
 * and the whole may be a line of a megabyte. A copy by way of JSON keeps nothing else.
 */
export const excerpt = (text: string, maxLength: number): string => JSON.parse(JSON.stringify(text.slice(0, maxLength)))

/** Reasons travel in answers, heads and dead letters, one for each event, and some quote what they refuse. */
export const MAX_REASON_LENGTH = 200

export const shortReason = (reason: string): string => excerpt(reason, MAX_REASON_LENGTH)

const MAX_FIELDS = 8
const MAX_FIELD_NAME = 40

/**
 * The names of an event's fields, for the reader of a rejection: `it has "a", "b"`. At most eight of them, shortened.
 */
export function fieldsInWords(event: unknown): string {
  if (typeof event !== 'object' || event === null) return 'it is no object'
  const names = Object.keys(event)
  if (names.length === 0) return 'it has no fields'
  const first = names.slice(0, MAX_FIELDS).map((name) => JSON.stringify(name.slice(0, MAX_FIELD_NAME)))
  return `it has ${first.join(', ')}${names.length > MAX_FIELDS ? ` and ${names.length - MAX_FIELDS} more` : ''}`
}
