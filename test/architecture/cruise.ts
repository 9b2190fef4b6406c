import { execFile } from 'node:child_process'
import { join } from 'node:path'

const ROOT = join(__dirname, '../..')
const CRUISER = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs')
const RULES = join(ROOT, '.dependency-cruiser.cjs')

/** An import that a rule of `.dependency-cruiser.cjs` forbids. */
export interface Violation {
  readonly rule: string
  readonly from: string
  readonly to: string
}

/** Every module that was looked at, and what the rules have against their imports. */
export interface Cruise {
  readonly modules: readonly string[]
  readonly violations: readonly Violation[]
}

interface CruiserOutput {
  readonly modules: readonly { readonly source: string }[]
  readonly summary: {
    readonly violations: readonly {
      readonly from: string
      readonly to: string
      readonly rule: { readonly name: string }
    }[]
  }
}

/** Follows all imports of the folders in `root`. */
export async function cruise(root: string, folders: readonly string[]): Promise<Cruise> {
  const { modules, summary } = JSON.parse(await output(root, folders)) as CruiserOutput
  return {
    modules: modules.map(({ source }) => source),
    violations: summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to })),
  }
}

/** The cruiser is an ES module and comes as a program; it says by its exit code how many violations there are. */
function output(root: string, folders: readonly string[]): Promise<string> {
  const options = { cwd: root, maxBuffer: 64 * 1024 * 1024 }
  const args = [CRUISER, '--config', RULES, '--output-type', 'json', ...folders]
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      if (stdout === '') reject(error ?? new Error(stderr))
      else resolve(stdout)
    })
  })
}
