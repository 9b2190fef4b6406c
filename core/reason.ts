/** Reasons travel in answers, heads and dead letters, one for each event, and some quote what they refuse. */
const MAX_REASON_LENGTH = 200

/**
 * A reason of at most 200 characters. A copy: a part of a string keeps the whole of it in memory, and the whole may be a line of a
 * megabyte. Joining characters makes a string that is part of none.
 */
export const shortReason = (reason: string): string => Array.from(reason.slice(0, MAX_REASON_LENGTH)).join('')
