import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './version.cjs'

/** TypeScript in the repository, compiled JavaScript in the package. */
const EXTENSION = __filename.endsWith('.ts') ? 'ts' : 'js'

/** What Node needs to run our own programs. */
export const OWN_EXEC_ARGV: readonly string[] = EXTENSION === 'ts' ? ['--import', 'tsx'] : []

/** The file of a program of ours, by its path without extension from the root: `edge-node/main`. */
export const ownProgram = (path: string): string => join(ROOT, `${path}.${EXTENSION}`)

const PACKAGE_JSON = EXTENSION === 'ts' ? join(ROOT, 'package.json') : join(ROOT, '..', 'package.json')

/** The version of this code. */
export const OWN_VERSION = (JSON.parse(readFileSync(PACKAGE_JSON, 'utf8')) as { readonly version: string }).version

/** Whether this code runs from the installed package. */
export const isPackaged = EXTENSION === 'js'
