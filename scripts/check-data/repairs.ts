import { copyFile, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DurableMark } from '../../edge-node/disk/durable-mark'
import { lineDamage, markOf } from '../../edge-node/disk/line-file'
import { Checkpoints } from '../../edge-node/log/checkpoints'
import { giveUpKeys, keysInWords, keysMissing } from '../../edge-node/log/key-files'
import { lineFilesIn, orphanMarksIn, smallFilesIn } from './kept-files'

/**
 * Something that keeps a node from starting, or from reading what it wrote, and the least that has to be given up to
 * mend it.
 */
export interface Repair {
  /** What is lost by it. */
  readonly loses: string
  /** Does it. What is taken away lies beside its place afterwards, as `*.damaged`. */
  readonly apply: () => Promise<void>
}

/**
 * The repairs that a folder needs. None for the log and the final records: what was acknowledged there cannot be made
 * up, and cutting it off would change results that are final. None for result files: a node names their windows and
 * takes the rows from the cloud.
 */
export async function repairsFor(folder: string): Promise<Repair[]> {
  return [
    ...(await ofCheckpoints(join(folder, 'checkpoints'))),
    ...(await ofLines(folder)),
    ...(await ofMarks(folder)),
    ...(await ofKeys(folder)),
    ...(await ofSmallFiles(folder)),
  ]
}

const setAside = (path: string, loses: string): Repair => ({
  loses: `${path}: ${loses}`,
  apply: () => rename(path, `${path}.damaged`),
})

async function ofCheckpoints(folder: string): Promise<Repair[]> {
  const all = await Checkpoints.open(folder).then((checkpoints) => checkpoints.all())
  const damaged = all.filter(({ checkpoint }) => checkpoint === null)
  if (damaged.length === all.length) return [] // without any the log has to be whole; the start says whether it is
  return damaged.map(({ path }) => setAside(path, 'nothing; the start goes on from the one before it'))
}

async function ofLines(folder: string): Promise<Repair[]> {
  const repairs: Repair[] = []
  for (const path of await lineFilesIn(folder)) {
    const damage = await lineDamage(path)
    if (damage === null) continue
    const { places, missingBytes } = damage
    const lines = places.length > 0 ? `the lines at byte ${places.map(({ at }) => at).join(', ')}` : ''
    const end = missingBytes > 0 ? `${missingBytes} bytes at its end, which are missing` : ''
    repairs.push({
      loses: `${path}: ${[lines, end].filter(Boolean).join(' and ')}`,
      apply: () => keepSound(path, places),
    })
  }
  return repairs
}

/** Writes the file again without the damaged lines. */
async function keepSound(path: string, places: readonly { readonly at: number; readonly next: number }[]) {
  const bytes = await readFile(path)
  await copyFile(path, `${path}.damaged`)
  let from = 0
  const sound: Buffer[] = []
  for (const { at, next } of places) {
    sound.push(bytes.subarray(from, at))
    from = next
  }
  sound.push(bytes.subarray(from))
  const left = Buffer.concat(sound)
  await rm(markOf(path), { force: true }) // without a mark the file stands by its checksums, should this end half-way
  const handle = await open(`${path}.new`, 'w', 0o600)
  await handle.writeFile(left)
  await handle.sync()
  await handle.close()
  await rename(`${path}.new`, path)
  await new DurableMark(markOf(path)).write(left.length)
}

async function ofMarks(folder: string): Promise<Repair[]> {
  const marks = await orphanMarksIn(folder)
  return marks.map((path) => setAside(path, 'all lines of its file, which is not there'))
}

async function ofKeys(folder: string): Promise<Repair[]> {
  const keys = join(folder, 'keys')
  const all = await Checkpoints.open(join(folder, 'checkpoints')).then((checkpoints) => checkpoints.all())
  const span = all.findLast(({ checkpoint }) => checkpoint !== null)?.checkpoint?.intake.keys
  const { missing } = span === undefined ? { missing: [] } : await keysMissing(keys, span)
  const last = missing.at(-1)
  if (last === undefined) return []
  const which = missing.map(keysInWords).join(', ')
  return [
    {
      loses: `${keys}: ${which}; a request that is repeated under one of them counts twice`,
      apply: () => giveUpKeys(keys, last.to),
    },
  ]
}

async function ofSmallFiles(folder: string): Promise<Repair[]> {
  const damaged = (await smallFilesIn(folder)).filter(({ kind }) => kind === 'damaged')
  return damaged.map(({ path }) => setAside(path, 'what was known of the cloud; the node reads it anew'))
}
