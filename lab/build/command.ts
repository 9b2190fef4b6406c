/**
 * `npm run build`: compiles what users run into `dist/`, as the npm package has it. CommonJS file by file, so that each
 * process finds its own program; the entries that people import also as ES modules, so that their functions are bundled
 * without what they do not use.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { Command } from 'commander'
import { buildSync, transformSync } from 'esbuild'
import { withFlags } from '../../scripts/command-line/ask'

const ROOT = resolve(__dirname, '../..')
const DIST = join(ROOT, 'dist')
/** Rooms whose modules the package has. */
const ROOMS = [
  ...['core', 'cloud', 'program', 'edge-node', 'flink', 'handlers', 'pipelines', 'localstack', 'scripts'],
  ...['testing', 'client'],
]
/** Single files besides: what starts the dashboard, its page, and what is read as it is. */
const AS_THEY_ARE = ['dashboard/dist', 'docs/reference/openapi.json', 'deploy', 'scripts/init/template']
/** What `exports` of package.json names, by the name of its module. */
const ENTRIES = {
  spillway: 'core/spillway.ts',
  testing: 'testing/testing.ts',
  client: 'client/client.ts',
  lambda: 'handlers/lambda.ts',
}
const TARGET = 'node20'
/** A dynamic import in CommonJS becomes a require: it may leave out the ending of a file. */
const DYNAMIC = { 'dynamic-import': false }

const command = () =>
  new Command('npm run build --')
    .description('Compiles what users run into dist/, as the npm package has it.')
    .allowExcessArguments(false)
    .addHelpText('after', '\nExit code: 0 done, 1 it failed, 2 wrong usage.')

function main(): void {
  rmSync(DIST, { recursive: true, force: true })
  run('vite', ['build', 'dashboard', '--logLevel', 'warn'])
  for (const file of ['dashboard/ensure-built.ts', ...ROOMS.flatMap(modulesOf)]) compile(file)
  for (const path of AS_THEY_ARE) cpSync(join(ROOT, path), join(DIST, path), { recursive: true })
  compileEntries()
  declareEntries()
  chmodSync(join(DIST, 'scripts/spillway.js'), 0o755)
}

function modulesOf(room: string): string[] {
  const names = readdirSync(join(ROOT, room), { recursive: true, encoding: 'utf8' })
  const isTemplate = (name: string) => name.includes('template/')
  return names.filter((name) => /\.([cm]?ts|cjs)$/.test(name) && !isTemplate(name)).map((name) => join(room, name))
}

function compile(file: string): void {
  const source = readFileSync(join(ROOT, file), 'utf8')
  const isTypeScript = /\.ts$/.test(file) && !/\.d\.c?ts$/.test(file)
  const out = join(DIST, isTypeScript ? file.replace(/\.ts$/, '.js') : file)
  mkdirSync(dirname(out), { recursive: true })
  const settings = { loader: 'ts', format: 'cjs', platform: 'node', target: TARGET, supported: DYNAMIC } as const
  writeFileSync(out, isTypeScript ? transformSync(source, settings).code : source)
}

function compileEntries(): void {
  buildSync({
    entryPoints: Object.entries(ENTRIES).map(([out, file]) => ({ in: join(ROOT, file), out })),
    outdir: join(DIST, 'esm'),
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true, // the entries share their classes
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: TARGET,
    logLevel: 'warning',
  })
}

function declareEntries(): void {
  const project = {
    extends: '../tsconfig.json',
    files: Object.values(ENTRIES).map((file) => `../${file}`),
    include: [],
  }
  const options = { noEmit: false, declaration: true, emitDeclarationOnly: true, rootDir: '..', outDir: '.' }
  const file = join(DIST, 'tsconfig.json')
  writeFileSync(file, JSON.stringify({ ...project, compilerOptions: options }))
  run('tsc', ['-p', file])
  rmSync(file)
}

function run(tool: string, args: readonly string[]): void {
  execFileSync(join(ROOT, 'node_modules/.bin', tool), args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] })
}

withFlags(command(), process.argv.slice(2), async () => {
  main()
  return 0
}).then((code) => {
  process.exitCode = code
})
