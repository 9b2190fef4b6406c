import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'

/** What a deployment package is made from. */
const SOURCES = ['serverless.yml', 'package-lock.json', 'tsconfig.json', 'handlers', 'core', 'cloud', 'pipelines']

/** SHA-256 over the names and contents of everything that the packages depend on, below `root`, and over `settings`. */
export async function sourceDigest(root: string, settings: object): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(settings))
  for (const file of await sourceFiles(root)) {
    hash.update(`\0${file}\0`).update(await readFile(path.join(root, file)))
  }
  return hash.digest('hex')
}

async function sourceFiles(root: string): Promise<string[]> {
  const found = await Promise.all(SOURCES.map((source) => filesBelow(root, source)))
  return found.flat().sort()
}

/** The files of a folder, or the file itself; none where nothing is. */
async function filesBelow(root: string, source: string): Promise<string[]> {
  const entries = await readdir(path.join(root, source), { recursive: true, withFileTypes: true }).catch(onlyIfFolder)
  if (entries === 'file') return [source]
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
}

function onlyIfFolder(error: NodeJS.ErrnoException): 'file' | [] {
  if (error.code === 'ENOTDIR') return 'file'
  if (error.code === 'ENOENT') return []
  throw error
}
