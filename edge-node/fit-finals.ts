import type { FinalRecord } from '../core/log-record'
import { CannotRecover } from './cannot-recover'

/** What the files of finals say. */
export interface KeptFinals {
  /** The number of the next one. */
  readonly count: number
  /** Where they end, in words. */
  readonly end: string
}

/**
 * The finals that the log has and the files have not, in order. The files, the checkpoint (which counts `counted`) and
 * the log after it (`replayed`) have to fit together without a gap; throws CannotRecover when they do not.
 */
export function finalsToAdd(files: KeptFinals, counted: number, replayed: readonly FinalRecord[]): FinalRecord[] {
  if (files.count < counted)
    throw new CannotRecover(
      `the checkpoint counts ${counted} final windows and the files of finals have ${files.count} (${files.end}): records are lost; restore the folder from a backup`,
    )
  replayed.forEach(({ number }, index) => {
    if (number !== counted + index)
      throw new CannotRecover(
        `the log has final ${number} where ${counted + index} belongs: the checkpoint, which counts ${counted}, and the log do not fit together; restore the folder from a backup`,
      )
  })
  return replayed.filter(({ number }) => number >= files.count)
}
