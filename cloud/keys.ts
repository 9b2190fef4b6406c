/**
 * Items live for three days: longer than a window may stay open plus any reclaim, and short enough to cost next to
 * nothing.
 */
const TIME_TO_LIVE_S = 3 * 24 * 60 * 60

/** Epoch second at which an item written now may go. */
export const expiresAtS = (): number => Math.floor(Date.now() / 1000) + TIME_TO_LIVE_S

/**
 * Every key format of the tables. All contain pipeline, version and incarnation, so that nothing of another run can be
 * met.
 */
export interface Origin {
  readonly pipeline: string
  readonly version: string
  readonly incarnation: string
}

const origin = ({ pipeline, version, incarnation }: Origin) => `${pipeline}#${version}#${incarnation}`

/** Partition of one envelope's partial: head and chunks. One envelope a partition, so that no partition is hot. */
export const envelopePartition = (from: Origin, number: number): string => `${origin(from)}#envelope#${number}`
/** Partition of the edge's own partials of a window. */
export const edgePartition = (from: Origin, endMs: number): string => `${origin(from)}#edge#${endMs}`
/** Partition of a window's result: candidate head and chunks. */
export const resultPartition = (from: Origin, endMs: number): string => `${origin(from)}#window#${endMs}`

/** Sort key of the head, of which there is one: put if absent. */
export const HEAD = 'head'
/** Sort key of a chunk of one attempt; `part` is the pane's start for envelopes. */
export const chunkKey = (attempt: string, part: number, chunk: number): string => `chunk#${attempt}#${part}#${chunk}`
