const { createHash } = require('node:crypto')
const { existsSync, readdirSync } = require('node:fs')
const { basename, extname, join, resolve } = require('node:path')
const { buildSync } = require('esbuild')

/** Of this project in the repository, and of the installed package. */
const ROOT = join(__dirname, '..')

/** What decides results besides a pipeline: the edge and the functions agree on it exactly when they run the same. */
const WHAT_DECIDES_RESULTS = `
  export * from './core/protocol/fold'
  export * from './core/protocol/merge'
  export * from './cloud/envelope-codec'
  export * from './cloud/partial-store'
  export * from './cloud/result-store'
`

const SETTINGS = { bundle: true, platform: 'node', target: 'node20', write: false, logLevel: 'silent' }
const ALIAS = { spillway: join(ROOT, 'core', 'spillway') }
const EXTENSIONS = ['.ts', '.mts', '.js', '.mjs', '.cjs']

/**
 * The version of a pipeline: a hash of its bundle and of the code that folds, merges and speaks of it in the cloud,
 * dependencies included. Each pipeline has its own, so that a change in one leaves the others as they are. Plain
 * JavaScript, since serverless reads it without a compiler.
 */
function versionOf(file) {
  const contents = `export * as pipeline from ${JSON.stringify(resolve(file))}\n${WHAT_DECIDES_RESULTS}`
  const bundle = buildSync({
    ...SETTINGS,
    stdin: { contents, resolveDir: ROOT },
    absWorkingDir: ROOT,
    alias: ALIAS,
    format: 'cjs',
    minify: true, // no comments with paths: the hash must not depend on where the project lies
  })
  return createHash('sha256').update(bundle.outputFiles[0].contents).digest('hex').slice(0, 12)
}

/** Files of a folder that may hold a pipeline, by the name that it then has. */
function filesIn(folder) {
  if (!existsSync(folder)) return []
  const isSource = (name) => EXTENSIONS.includes(extname(name)) && !/\.(d|test|spec)\.[a-z]+$/.test(name)
  const names = readdirSync(folder).filter(isSource).sort()
  return names.map((name) => ({ name: basename(name, extname(name)), file: join(folder, name) }))
}

/** Whether a module has a default export: that is what makes a file of the folder a pipeline. */
function hasDefaultExport(file) {
  const { metafile } = buildSync({
    ...SETTINGS,
    entryPoints: [file],
    packages: 'external',
    format: 'esm',
    metafile: true,
    outdir: 'out',
    alias: ALIAS,
  })
  return Object.values(metafile.outputs).some(({ exports }) => exports.includes('default'))
}

/** The pipelines of a project: each file in its folder `pipelines` with a default export. */
function pipelinesOf(projectFolder) {
  return filesIn(join(projectFolder, 'pipelines')).filter(({ file }) => hasDefaultExport(file))
}

/** What serverless.yml gives the functions: `name:version` for each pipeline of the project, with commas between. */
async function versions() {
  const found = pipelinesOf(process.cwd())
  return found.map(({ name, file }) => `${name}:${versionOf(file)}`).join(',')
}

module.exports = { ALIAS, ROOT, SETTINGS, filesIn, pipelinesOf, versionOf, versions }
