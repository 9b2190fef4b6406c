import { join } from 'node:path'
import type { ResultStore } from '../../cloud/result-store'
import type { FinalRecord } from '../../core/protocol/log-record'
import { FinalFiles } from '../results/final-files'
import { finalsToAdd } from '../results/final-lines'
import { type Elsewhere, Results } from '../results/results'
import type { Checkpoint } from './checkpoints'

/** The results of a data directory and the files of their final records. */
export interface OpenedResults {
  readonly results: Results
  readonly finals: FinalFiles
}

/**
 * Opens the results of a data directory, with the finals that the log has after the checkpoint, `replayed`. Rejects
 * with CannotRecover when files, checkpoint and log do not fit together.
 */
export async function openResults(
  dataDir: string,
  checkpoint: Pick<Checkpoint, 'finals' | 'finalsInside'> | null,
  replayed: readonly FinalRecord[],
  elsewhere?: Elsewhere,
): Promise<OpenedResults> {
  const results = await Results.open(join(dataDir, 'results'), elsewhere)
  const finals = await FinalFiles.open(join(dataDir, 'finals'), {
    begin: (number) => results.begin(number),
    final: (final) => results.publish(final),
  })
  const { before, toMs } = finals.taken
  results.take(before, toMs ?? Number.NEGATIVE_INFINITY)
  const inside = (checkpoint?.finalsInside ?? []).filter(({ number }) => number >= finals.count)
  await finals.append(inside) // of a checkpoint that an older version wrote
  for (const final of inside) results.publish(final)
  for (const final of finalsToAdd(finals, checkpoint?.finals ?? 0, replayed)) results.publish(final)
  await results.sweep()
  return { results, finals }
}

/** The rows of a window that was merged in the cloud, as long as the candidate is kept there. */
export const fromCloud =
  (pipeline: string, incarnation: string, store: Pick<ResultStore, 'candidate' | 'rows'>): Elsewhere =>
  async (final) => {
    if (final.burst === 0) return null
    const from = { pipeline, version: final.version, incarnation }
    const candidate = await store.candidate(from, final.endMs)
    return candidate === null ? null : store.rows(from, final.endMs, candidate)
  }
