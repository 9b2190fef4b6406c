/** One stretch of steady load with bursting in mode auto, and one without a controller's say, one after the other. */
export interface OverheadPair {
  readonly onUsPerEvent: number
  readonly offUsPerEvent: number
}

export interface OverheadCase {
  readonly pipeline: string
  /** Events/s that were sent, and over the capacity; null where that is not known. */
  readonly rate: number
  readonly share: number | null
  readonly seconds: number
  readonly pairs: readonly OverheadPair[]
}

export interface OverheadFigures {
  readonly cases: readonly OverheadCase[]
}
