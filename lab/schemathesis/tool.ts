import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** Fixed, so that a new version does not fail a build that nobody touched. */
const VERSION = '4.32.5'
const FOLDER = '.spillway/schemathesis'

/** Runs a command to its end; false: it failed, or is not there. */
export type Run = (command: string, args: readonly string[]) => boolean

export type Tool =
  | { readonly kind: 'ready'; readonly command: string }
  /** This machine cannot have it. */
  | { readonly kind: 'missing'; readonly reason: string }
  /** It could be had, and something went wrong. */
  | { readonly kind: 'failed'; readonly reason: string }

/** Finds Schemathesis, or fetches it from PyPI into a folder of its own within the project. */
export function ensureTool(say: (text: string) => void, run: Run = runQuietly, folder: string = FOLDER): Tool {
  const command = join(folder, `venv-${VERSION}`, 'bin', 'schemathesis')
  if (existsSync(command)) return { kind: 'ready', command }
  if (!run('python3', ['-c', 'import venv, ensurepip, sys; sys.exit(sys.version_info < (3, 10))']))
    return { kind: 'missing', reason: 'there is no python3 of 3.10 or later with venv' }
  const venv = join(folder, `venv-${VERSION}`)
  say(`fetching schemathesis ${VERSION} and what it needs, some 60 MB, from PyPI into ${venv}`)
  if (!run('python3', ['-m', 'venv', venv])) return { kind: 'failed', reason: `python3 -m venv ${venv} failed` }
  if (!run(join(venv, 'bin', 'pip'), ['install', '--quiet', `schemathesis==${VERSION}`]))
    return { kind: 'failed', reason: `pip could not install it; remove ${venv} before the next try` }
  return { kind: 'ready', command }
}

const runQuietly: Run = (command, args) =>
  spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0
