const { createHash } = require('node:crypto')
const { join } = require('node:path')
const { buildSync } = require('esbuild')

/**
 * The version of the pipelines: a hash of their bundle, so that the edge and the functions agree on it exactly when they run the same code,
 * dependencies included. serverless.yml calls this when it packages, the edge node when it starts. Plain JavaScript, since
 * serverless reads it without a compiler.
 */
function pipelineVersion() {
  const bundle = buildSync({
    entryPoints: [join(__dirname, 'registry.ts')],
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
