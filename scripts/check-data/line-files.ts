import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

const FOLDERS = ['dead-letters', 'corrections', 'replays']
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
