import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { withLock } from './process'

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

const ROOT = path.resolve(__dirname, '..')
const FOLDER = path.join(ROOT, '.serverless')
const STAMP = path.join(FOLDER, 'spillway-stamp')

export interface PackageSettings {
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
  return withLock(lockFile(), async () => {
    const stamp = await sourceDigest(ROOT, { ...settings, onProgress: undefined })
    const before = await readFile(STAMP, 'utf8').catch(() => '')
    if (before !== stamp) {
      settings.onProgress(`packaging the functions with serverless (stage ${settings.stage}) ...`)
      await packageWithServerless(settings)
      await writeFile(STAMP, stamp)
    }
    return readPackage(settings)
  })
}

const defaults = (): PackageSettings => ({
  stage: 'dev',
  region: process.env.AWS_REGION ?? 'us-east-1',
  params: {},
  onProgress: (line) => console.error(line),
})

/** Outside of the project, so that it is neither packaged nor cleaned. */
function lockFile(): string {
  return path.join(tmpdir(), `spillway-package-${createHash('sha256').update(ROOT).digest('hex').slice(0, 16)}.lock`)
}

async function packageWithServerless({ stage, region, params }: PackageSettings): Promise<void> {
  // serverless-esbuild leaves old bundles there and would pack them again.
  await rm(path.join(ROOT, '.esbuild'), { recursive: true, force: true })
  await rm(STAMP, { force: true })
  const flags = Object.entries(params).map(([name, value]) => `--param=${name}=${value}`)
  const program = require.resolve('serverless/bin/serverless.js')
  const { code, output } = await run(program, ['package', '--stage', stage, ...flags], { AWS_REGION: region })
  if (code !== 0) throw new PackagingFailed(`npx sls package ended with code ${code}:\n${output}`)
}

function run(
  program: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], {
      cwd: ROOT,
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

async function readPackage({ stage, region }: PackageSettings): Promise<Packaged> {
  const template = await readFile(path.join(FOLDER, 'cloudformation-template-update-stack.json'), 'utf8')
  return {
    stage,
    region,
    bucketTemplate: await readFile(path.join(FOLDER, 'cloudformation-template-create-stack.json'), 'utf8'),
    template,
    artifacts: await Promise.all(artifactKeys(template).map(readArtifact)),
  }
}

async function readArtifact(key: string): Promise<Artifact> {
  return { key, zip: await readFile(path.join(FOLDER, path.posix.basename(key))) }
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
