import { access } from 'node:fs/promises'
import { join } from 'node:path'
import type { FinalRecord } from '../../core/protocol/log-record'
import { CannotRecover } from '../../edge-node/disk/disk'
import { inspectLines } from '../../edge-node/disk/line-file'
import { type Checkpoint, Checkpoints } from '../../edge-node/log/checkpoints'
import { keysInWords, keysMissing } from '../../edge-node/log/key-files'
import { readLog } from '../../edge-node/log/log'
import { FinalFiles } from '../../edge-node/results/final-files'
import { finalsToAdd } from '../../edge-node/results/final-lines'
import { ResultDamaged, ResultFiles } from '../../edge-node/results/result-files'
import { lineFilesIn, orphanMarksIn, smallFilesIn } from './kept-files'

/** What was found in one part of a data folder. `note` is sound, and worth knowing. */
export interface Finding {
  readonly verdict: 'sound' | 'note' | 'damaged'
  readonly says: string
}

const sound = (says: string): Finding => ({ verdict: 'sound', says })
const note = (says: string): Finding => ({ verdict: 'note', says })
const damaged = (says: string): Finding => ({ verdict: 'damaged', says })

/** Reads everything in a data folder that no node holds, and says part by part whether it is sound. Changes nothing. */
export async function* findingsIn(folder: string): AsyncGenerator<Finding> {
  const checkpoints = await checkpointsIn(join(folder, 'checkpoints'))
  for (const { path, checkpoint } of checkpoints)
    yield checkpoint === null ? damaged(`${path}: the start takes the one before it`) : sound(path)
  const newest = checkpoints.findLast(({ checkpoint }) => checkpoint !== null)?.checkpoint ?? null
  const finals: FinalRecord[] = []
  yield* ofFinals(folder, newest, finals)
  yield* ofResults(join(folder, 'results'), finals)
  for (const path of await lineFilesIn(folder)) yield* ofLines(path)
  yield* ofKeys(join(folder, 'keys'), newest)
  for (const path of await orphanMarksIn(folder)) yield damaged(`${path}: its file is not there`)
  yield* ofSmallFiles(folder)
}

async function checkpointsIn(folder: string) {
  return (await isThere(folder)) ? (await Checkpoints.open(folder)).all() : []
}

/** The log, the files of finals, and whether they fit together; adds the finals that they have to `finals`. */
async function* ofFinals(
  folder: string,
  checkpoint: Checkpoint | null,
  finals: FinalRecord[],
): AsyncGenerator<Finding> {
  const log = join(folder, 'log')
  const replayed: FinalRecord[] = []
  if (await isThere(log)) {
    try {
      const { segments, offset, torn } = await readLog(log, checkpoint?.segment ?? 0, (record) => {
        if (record.type === 'final') replayed.push(record)
      })
      yield sound(`${log}: ${segments.length} segments, ${offset} events ever accepted`)
      if (torn !== null)
        yield note(`${log}: ${torn.bytes} bytes of a torn flush will be cut off; nothing of it was answered`)
    } catch (error) {
      yield refusal(error)
    }
  }
  finals.push(...(checkpoint?.finalsInside ?? []))
  const path = join(folder, 'finals')
  if (!(await isThere(path))) {
    finals.push(...replayed)
    return
  }
  try {
    const files = await FinalFiles.open(path, { begin: () => {}, final: (final) => finals.push(final) })
    finals.push(...finalsToAdd(files, checkpoint?.finals ?? 0, replayed))
    yield sound(`${path}: ${files.count} windows ever became final`)
  } catch (error) {
    yield refusal(error)
  }
}

async function* ofResults(folder: string, finals: readonly FinalRecord[]): AsyncGenerator<Finding> {
  if (finals.length === 0) return
  const files = await ResultFiles.open(folder)
  let readable = 0
  for (const final of finals) {
    try {
      await files.read(final)
      readable += 1
    } catch (error) {
      if (!(error instanceof ResultDamaged)) throw error
      yield damaged(`${error.message}: window ${final.startMs} to ${final.endMs}, final ${final.number}`)
    }
  }
  yield sound(`${folder}: the rows of ${readable} of ${finals.length} final windows`)
}

async function* ofLines(path: string): AsyncGenerator<Finding> {
  try {
    const { lines, tornBytes } = await inspectLines(path)
    yield sound(`${path}: ${lines} lines`)
    if (tornBytes > 0) yield note(`${path}: ${tornBytes} bytes of a torn write will be cut off; nobody saw them`)
  } catch (error) {
    yield refusal(error)
  }
}

async function* ofKeys(folder: string, checkpoint: Checkpoint | null): AsyncGenerator<Finding> {
  const span = checkpoint?.intake.keys
  if (span === undefined) return
  const { missing, givenUp } = await keysMissing(folder, span)
  for (const keys of missing) yield damaged(`${folder}: ${keysInWords(keys)} are missing`)
  for (const keys of givenUp) yield note(`${folder}: ${keysInWords(keys)} are missing, and were given up`)
  const count = [...missing, ...givenUp].reduce((left, { from, to }) => left - (to - from), span.next - span.first)
  yield sound(`${folder}: ${count} idempotency keys are remembered`)
}

async function* ofSmallFiles(folder: string): AsyncGenerator<Finding> {
  for (const { path, kind } of await smallFilesIn(folder)) {
    if (kind === 'sound') yield sound(path)
    if (kind === 'damaged') yield damaged(`${path}: what it says of the cloud is not used`)
  }
}

function refusal(error: unknown): Finding {
  if (error instanceof CannotRecover) return damaged(error.message)
  throw error
}

const isThere = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  )
