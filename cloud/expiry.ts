/**
 * Items live for three days: longer than a window may stay open plus any reclaim, and short enough to cost next to
 * nothing.
 */
const TIME_TO_LIVE_S = 3 * 24 * 60 * 60

/** Epoch second at which an item written now may go. */
export const expiresAtS = (): number => Math.floor(Date.now() / 1000) + TIME_TO_LIVE_S
