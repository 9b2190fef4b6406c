import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DataInUse, type DataLock, isHeld, LOCK_FILE, lockData } from '../../edge-node/disk/data-lock'

const MARK = 'made-by-npm-start'

/** Where the edge node of a run keeps its data. */
export const edgeFolder = (folder: string): string => join(folder, 'edge')

/**
 * Empties a folder that an earlier run has made, and returns the lock by which this run holds it; any other with
 * something in it is not touched. Rejects with DataInUse while another run, or an edge node that one has left, works on
 * it.
 */
export async function emptyRunFolder(folder: string): Promise<DataLock> {
  const found = (await readdir(folder).catch((): string[] => [])).filter((name) => name !== LOCK_FILE)
  if (found.length > 0 && !found.includes(MARK)) {
    throw new Error(`${folder} is not from an earlier run; choose another --data-dir`)
  }
  const lock = await hold(folder)
  for (const name of found) await rm(join(folder, name), { recursive: true, force: true })
  await writeFile(join(folder, MARK), '')
  return lock
}

async function hold(folder: string): Promise<DataLock> {
  if (await isHeld(edgeFolder(folder))) throw runs(folder)
  try {
    return await lockData(folder)
  } catch (error) {
    throw error instanceof DataInUse ? runs(folder) : error
  }
}

const runs = (folder: string) =>
  new DataInUse(
    `another run works on ${folder}, and its data stay as they are; stop it (Ctrl-C), or give this one a --data-dir and a --port of its own`,
  )
