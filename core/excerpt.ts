/**
 * The first characters of a text, as a text of its own: V8 makes of a part of a string a view that keeps the whole
 * alive, and the whole may be a line of a megabyte. Written as JSON and read again it holds nothing else.
 */
export const excerpt = (text: string, maxLength: number): string => JSON.parse(JSON.stringify(text.slice(0, maxLength)))

/** Reasons travel in answers, heads and dead letters, one for each event, and some quote what they refuse. */
export const MAX_REASON_LENGTH = 200

export const shortReason = (reason: string): string => excerpt(reason, MAX_REASON_LENGTH)
