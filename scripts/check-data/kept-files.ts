import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type CheckedJson, readCheckedJson } from '../../edge-node/disk/disk'

const FOLDERS = ['dead-letters', 'corrections', 'replays', 'keys']
const LINES = /^\d{16}\.ndjson$/
const OLD_LINES = /^(corrections|replays)\.ndjson$/ // of version 0.1.0; the next start moves them

/** The files of lines with checksums in a data folder. */
export async function lineFilesIn(folder: string): Promise<string[]> {
  const found = await Promise.all(FOLDERS.map((name) => namesIn(join(folder, name), LINES)))
  return [...found.flat(), ...(await namesIn(folder, OLD_LINES))]
}

/** Marks without the file that they are of. */
export async function orphanMarksIn(folder: string): Promise<string[]> {
  const marks = (await Promise.all(FOLDERS.map((name) => namesIn(join(folder, name), /\.ndjson\.mark$/)))).flat()
  const files = new Set(await lineFilesIn(folder))
  return marks.filter((mark) => !files.has(mark.slice(0, -'.mark'.length)))
}

async function namesIn(folder: string, pattern: RegExp): Promise<string[]> {
  const names = await readdir(folder).catch((): string[] => [])
  return names
    .filter((name) => pattern.test(name))
    .sort()
    .map((name) => join(folder, name))
}

/** The small files of one JSON object in a data folder, and what each is found to be. */
export async function smallFilesIn(
  folder: string,
): Promise<{ readonly path: string; readonly kind: CheckedJson['kind'] }[]> {
  const paths = ['deployment.json', 'cloud-capacity.json'].map((name) => join(folder, name))
  const read = async (path: string) => readCheckedJson(await readFile(path, 'utf8').catch(() => null))
  return Promise.all(paths.map(async (path) => ({ path, kind: (await read(path)).kind })))
}
