/** A run of events that goes one way together; their scheduled times lie evenly between `firstMs` and `lastMs`. */
export interface Piece {
  readonly number: number
  readonly events: number
  readonly firstMs: number
  readonly lastMs: number
  /** So many envelopes that they count one after the other, not all at the end. */
  readonly isFluid: boolean
}

/** The first `events` of a piece, and the others. */
export function split(piece: Piece, events: number): readonly [Piece, Piece] {
  const atMs = piece.firstMs + ((piece.lastMs - piece.firstMs) * events) / piece.events
  return [
    { ...piece, events, lastMs: atMs },
    { ...piece, events: piece.events - events, firstMs: atMs },
  ]
}
