import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { optional } from '../program/optional'
import { withLock } from './process'

/** What the deployment package of this repository is made from. */
const SOURCES = [
  ...['serverless.yml', 'deploy', 'package-lock.json', 'tsconfig.json'],
  ...['handlers', 'core', 'cloud', 'pipelines', 'program'],
]

/** SHA-256 over the names and contents of everything that the packages depend on, below `root`, and over `settings`. */
export async function sourceDigest(root: string, settings: object): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(settings))
  for (const file of await sourceFiles(root)) {
    hash.update(`\0${file}\0`).update(await readFile(path.join(root, file)))
  }
  return hash.digest('hex')
}

async function sourceFiles(root: string): Promise<string[]> {
  const sources = root === ROOT ? SOURCES : await sourcesOfProject(root)
  const found = await Promise.all(sources.map((source) => filesBelow(root, source)))
  return found.flat().sort()
}

/** All of a user's project, less what is installed, hidden (and so written by tools), or not there to be run. */
async function sourcesOfProject(root: string): Promise<string[]> {
  const isNone = (name: string) =>
    name.startsWith('.') || ['node_modules', 'test', 'coverage', 'README.md'].includes(name)
  return (await readdir(root)).filter((name) => !isNone(name))
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

const ROOT = path.resolve(__dirname, '..')
const folderOf = (root: string) => path.join(root, '.serverless')
const stampOf = (root: string) => path.join(folderOf(root), 'spillway-stamp')

export interface PackageSettings {
  /** The folder with serverless.yml: that of a user's project, or this repository. */
  readonly root: string
  readonly stage: string
  readonly region: string
  /** Values for `params` in serverless.yml, e.g. `{ shardCount: '4' }`. */
  readonly params: Readonly<Record<string, string>>
  /** Told what is going on when it takes seconds. */
  readonly onProgress: (line: string) => void
}

export interface Artifact {
  readonly key: string
  readonly zip: Buffer
}

/** What `sls package` made. */
export interface Packaged {
  /** The name of the service in serverless.yml, with which the name of the stack begins. */
  readonly service: string
  readonly stage: string
  readonly region: string
  /** CloudFormation templates in JSON: the deployment bucket alone, and everything. */
  readonly bucketTemplate: string
  readonly template: string
  /**
   * The zips, and under which keys of the deployment bucket the template expects them. Read already: the files may be
   * made anew at any time.
   */
  readonly artifacts: readonly Artifact[]
}

/** `sls package` did not succeed; `message` has what it said. */
export class PackagingFailed extends Error {
  readonly code = 'packaging_failed'
}

/**
 * The deployment package in `.serverless/`, made anew only when its sources have changed. Safe to call from several
 * processes at once: one packages, the others wait. Rejects with PackagingFailed.
 */
export async function ensurePackaged(options: Partial<PackageSettings> = {}): Promise<Packaged> {
  const settings = { ...defaults(), ...options }
  const { root } = settings
  return withLock(lockFile(root), async () => {
    const stamp = await sourceDigest(root, { ...settings, root: undefined, onProgress: undefined })
    const before = await readFile(stampOf(root), 'utf8').catch(() => '')
    if (before !== stamp) {
      settings.onProgress(`packaging the functions with serverless (stage ${settings.stage}) ...`)
      await packageWithServerless(settings)
      await writeFile(stampOf(root), stamp)
    }
    return readPackage(settings)
  })
}

const defaults = (): PackageSettings => ({
  root: existsSync('serverless.yml') ? process.cwd() : ROOT,
  stage: 'dev',
  region: process.env.AWS_REGION ?? 'us-east-1',
  params: {},
  onProgress: (line) => console.error(line),
})

/** Outside of the project, so that it is neither packaged nor cleaned. */
function lockFile(root: string): string {
  return path.join(tmpdir(), `spillway-package-${createHash('sha256').update(root).digest('hex').slice(0, 16)}.lock`)
}

const PACKAGERS = ['--save-dev', 'serverless@npm:osls', 'serverless-esbuild', 'serverless-offline']

async function packageWithServerless({ root, stage, region, params }: PackageSettings): Promise<void> {
  // serverless-esbuild leaves old bundles there and would pack them again.
  await rm(path.join(root, '.esbuild'), { recursive: true, force: true })
  await rm(stampOf(root), { force: true })
  const flags = Object.entries(params).map(([name, value]) => `--param=${name}=${value}`)
  const { resolve } = createRequire(path.join(root, 'package.json'))
  const program = optional('the deployment package needs', PACKAGERS, () => resolve('serverless/bin/serverless.js'))
  const { code, output } = await run(root, program, ['package', '--stage', stage, ...flags], { AWS_REGION: region })
  if (code !== 0) throw new PackagingFailed(`npx sls package ended with code ${code}:\n${output}`)
}

function run(
  root: string,
  program: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], {
      cwd: root,
      env: { ...process.env, ...env, SLS_TELEMETRY_DISABLED: '1', SLS_NOTIFICATIONS_MODE: 'off' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, output: Buffer.concat(chunks).toString() }))
  })
}

async function readPackage({ root, stage, region }: PackageSettings): Promise<Packaged> {
  const folder = folderOf(root)
  const template = await readFile(path.join(folder, 'cloudformation-template-update-stack.json'), 'utf8')
  const state = JSON.parse(await readFile(path.join(folder, 'serverless-state.json'), 'utf8')) as State
  return {
    service: state.service.service,
    stage,
    region,
    bucketTemplate: await readFile(path.join(folder, 'cloudformation-template-create-stack.json'), 'utf8'),
    template,
    artifacts: await Promise.all(artifactKeys(template).map((key) => readArtifact(folder, key))),
  }
}

async function readArtifact(folder: string, key: string): Promise<Artifact> {
  return { key, zip: await readFile(path.join(folder, path.posix.basename(key))) }
}

interface State {
  readonly service: { readonly service: string }
}

interface Template {
  readonly Resources: Readonly<
    Record<string, { readonly Properties?: { readonly Code?: { readonly S3Key?: string } } }>
  >
}

function artifactKeys(template: string): string[] {
  const resources = Object.values((JSON.parse(template) as Template).Resources)
  return resources.flatMap(({ Properties }) => Properties?.Code?.S3Key ?? [])
}
