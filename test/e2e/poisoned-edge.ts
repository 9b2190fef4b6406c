/** An edge node with the poisoned pipelines: `poisoned-edge.ts`, and the settings of an edge node. */
import { join } from 'node:path'
import { readConfiguration } from '../../edge-node/config/command-line'
import { startEdge } from '../../edge-node/edge-node'
import { createLogger } from '../../edge-node/observe/logger'
import { versionOf } from '../../program/version.cjs'
import pipeline from './poisoned-pipeline'

async function main(): Promise<void> {
  const read = readConfiguration(process.argv.slice(2), process.env, process.cwd())
  if ('help' in read) throw new Error('the settings are those of a test')
  const module = join(__dirname, 'poisoned-pipeline.ts')
  const edge = await startEdge(read.config, createLogger(read.config.logLevel), {
    program: { pipeline, version: versionOf(module), module },
    heldBeyondMs: 2_000,
  })
  process.send?.({ url: edge.url })
  process.on('SIGTERM', () => void edge.stop().then(() => process.exit(0)))
}

void main()
