import { cp, mkdtemp, rm, symlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { ROOT } from './pages'

const LEFT_OUT = ['node_modules', '.git', '.spillway', '.serverless', '.esbuild', 'coverage', 'dist']

/** A copy of the repository as somebody has it who has just cloned it and run npm ci; and how to remove it. */
export async function freshClone(): Promise<{ readonly folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-docs-'))
  await cp(ROOT, folder, { recursive: true, filter: (source) => !LEFT_OUT.includes(basename(source)) })
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) }
}

/** Resolves when nobody listens on a port of this machine; rejects when that lasts. */
export async function freePort(port: number, withinMs: number): Promise<void> {
  const untilMs = performance.now() + withinMs
  while (!(await isFree(port))) {
    if (performance.now() > untilMs)
      throw new Error(`port ${port} is taken, and the commands of the documentation use it: stop what listens there`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

const isFree = (port: number) =>
  new Promise<boolean>((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
