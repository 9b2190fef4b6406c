/**
 * What `map` does with an event: microseconds of processor time, or ms of waiting for a service that serves four at
 * once.
 */
export type MapCost = { readonly burnUs: number } | { readonly waitMs: number }

export interface BreakEvenCase {
  readonly cost: MapCost
  /** Events/s of the steady load. */
  readonly rate: number
  /**
   * Processor time an event in microseconds: taken in and logged alone, and that with folding, and with diverting
   * instead.
   */
  readonly ingestUs: number
  readonly atEdgeUs: number
  readonly divertedUs: number
  /**
   * In mode auto, with a queue over its limit all the time: the share that was burst, and what the controller went by.
   */
  readonly auto: {
    readonly burstShare: number
    readonly foldUs: number
    readonly divertUs: number
    readonly reason: string
  }
}

export interface BreakEvenFigures {
  readonly seconds: number
  readonly cases: readonly BreakEvenCase[]
}

export const SERVICE_SLOTS = 4 // of the service that a waiting map asks, see pipelines/burn.ts

/**
 * Time of the edge that an event takes when it is folded there, in microseconds: processor time, or its part of the
 * service that it waits for.
 */
export function foldUs({ cost, atEdgeUs, ingestUs }: BreakEvenCase): number {
  return 'waitMs' in cost ? (cost.waitMs * 1000) / SERVICE_SLOTS : Math.max(0, atEdgeUs - ingestUs)
}

export const divertUs = ({ divertedUs, ingestUs }: BreakEvenCase): number => Math.max(0, divertedUs - ingestUs)
