import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

const FOLDER = __dirname
const SOURCES = ['index.html', 'vite.config.mts', 'src', 'public', '../edge-node/observe/feed.ts']
const VITE = join(FOLDER, '../node_modules/vite/bin/vite.js')
const TIMEOUT_MS = 60_000 // it takes one or two seconds

/** How the page came to be there, or why it is not. */
export type Built =
  | { readonly kind: 'fresh' }
  | { readonly kind: 'built' }
  | { readonly kind: 'impossible'; readonly reason: string }

/** Builds the dashboard where it is missing or older than its sources. Never rejects: the API does without the page. */
export async function ensureBuilt(folder = FOLDER): Promise<Built> {
  try {
    if (!(await isStale(folder))) return { kind: 'fresh' }
    if (!existsSync(VITE))
      return { kind: 'impossible', reason: 'vite is not installed; run npm ci with its devDependencies' }
    await build(folder)
    return { kind: 'built' }
  } catch (error) {
    return { kind: 'impossible', reason: error instanceof Error ? error.message : String(error) }
  }
}

/** Builds beside the old page and puts the new one in its place: whoever reads it finds a whole one. */
async function build(folder: string): Promise<void> {
  const fresh = join(folder, `dist-${process.pid}`)
  await new Promise<void>((resolve, reject) => {
    const args = [VITE, 'build', folder, '--outDir', fresh, '--emptyOutDir']
    execFile(process.execPath, args, { timeout: TIMEOUT_MS }, (error, _out, stderr) =>
      error === null ? resolve() : reject(new Error(`the dashboard cannot be built: ${stderr || error.message}`)),
    )
  })
  await rm(join(folder, 'dist'), { recursive: true, force: true })
  await rename(fresh, join(folder, 'dist')).catch(() => rm(fresh, { recursive: true, force: true })) // another was faster
}

async function isStale(folder: string): Promise<boolean> {
  const built = await stat(join(folder, 'dist/index.html')).catch(() => null)
  if (built === null) return true
  const newest = await Promise.all(SOURCES.map((name) => newestMs(join(folder, name))))
  return Math.max(...newest) > built.mtimeMs
}

/** When a file, or anything in a folder, changed last; 0 for what is not there. */
async function newestMs(path: string): Promise<number> {
  const found = await stat(path).catch(() => null)
  if (found === null) return 0
  if (!found.isDirectory()) return found.mtimeMs
  const inside = await Promise.all((await readdir(path)).map((name) => newestMs(join(path, name))))
  return Math.max(found.mtimeMs, ...inside)
}
