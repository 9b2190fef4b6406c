/** What an admission depends on besides the pipeline and the body. */
export interface Situation {
  readonly nowMs: number
  /** Null before anything closed. */
  readonly horizonMs: number | null
  readonly lineBytes: number
  readonly lines: number
  readonly futureSkewMs: number
  readonly openPanes: number
}

/** What became of a request, in a form in which two readings can be compared. */
export type Outcome =
  | { readonly refused: string }
  | {
      /** Accepted ones, as they are kept. */
      readonly lines: readonly string[]
      readonly late: number
      readonly partlyLate: number
      /** Number and code. */
      readonly rejected: readonly (readonly [number, string])[]
      readonly moreRejected: number
      /** By the start of each window: its keys with their counts. */
      readonly groups: readonly (readonly [number, readonly (readonly [string, number])[]])[]
      /** Index among the accepted lines, and code. */
      readonly dead: readonly (readonly [number, string])[]
      /** Where windows close next, if any does. */
      readonly horizonMs: number | null
    }
