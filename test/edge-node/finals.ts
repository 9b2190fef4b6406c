import { createHash } from 'node:crypto'
import type { FinalRecord } from '../../core/log-record'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

/** A final of a window of 10 s. */
export function finalOf(number: number, more: Partial<FinalRecord> = {}): FinalRecord {
  return {
    type: 'final',
    number,
    startMs: number * 10_000,
    endMs: (number + 1) * 10_000,
    version: 'v1',
    accepted: [6, sha256(`accepted ${number}`).slice(0, 16)],
    edge: 3,
    burst: 2,
    deadLettered: 1,
    rows: 4,
    digest: sha256(`rows ${number}`),
    atMs: number * 10_000 + 12_000,
    bytes: 100,
    ...more,
  }
}

export const finalsOf = (from: number, to: number): FinalRecord[] =>
  Array.from({ length: to - from }, (_, index) => finalOf(from + index))
