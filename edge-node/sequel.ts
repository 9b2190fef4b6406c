import type { LogRecord } from '../core/log-record'

/** Records that follow from a step, and what to do once they are durable. */
export interface Sequel {
  readonly records: readonly LogRecord[]
  readonly proceed?: () => void
}

/** All of them, in this order. */
export function joinSequels(sequels: readonly Sequel[]): Sequel {
  if (sequels.length === 0) return { records: [] }
  return {
    records: sequels.flatMap(({ records }) => records),
    proceed: () => {
      for (const { proceed } of sequels) proceed?.()
    },
  }
}
