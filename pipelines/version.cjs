const { createHash } = require('node:crypto')
const { join } = require('node:path')
const { buildSync } = require('esbuild')

const WHAT_DECIDES_RESULTS = `
  export * from './pipelines/registry'
  export * from './core/protocol/fold'
  export * from './core/protocol/merge'
  export * from './cloud/envelope-codec'
  export * from './cloud/partial-store'
  export * from './cloud/result-store'
`

/**
 * The version of the pipelines: a hash of their bundle, and of the code that folds, merges and speaks of it in the
 * cloud, so that the edge and the functions agree on it exactly when they run the same code, dependencies included.
 * serverless.yml calls this when it packages, the edge node when it starts. Plain JavaScript, since serverless reads it
 * without a compiler.
 */
function pipelineVersion() {
  const bundle = buildSync({
    stdin: { contents: WHAT_DECIDES_RESULTS, resolveDir: join(__dirname, '..') },
    absWorkingDir: join(__dirname, '..'),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    minify: true, // no comments with paths: the hash must not depend on where the project lies
    write: false,
    logLevel: 'silent',
  })
  return createHash('sha256').update(bundle.outputFiles[0].contents).digest('hex').slice(0, 12)
}

module.exports = { pipelineVersion, version: async () => pipelineVersion() }
