import { join } from 'node:path'
import { buildSync } from 'esbuild'
import type { Packaged } from '../../localstack/package'
import { fixtureMapping, fixturePackage, fixtureTable } from '../localstack/fixture-package'

/** The mapping of serverless.yml, with one lane, small batches and one retry. */
const MAPPING = fixtureMapping('burst', {
  BatchSize: 4,
  ParallelizationFactor: 1,
  BisectBatchOnFunctionError: true,
  MaximumRetryAttempts: 1,
  FunctionResponseTypes: ['ReportBatchItemFailures'],
  DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['Failures', 'Arn'] } } },
})

const RESOURCES = {
  Flow: { Type: 'AWS::Kinesis::Stream', Properties: { Name: 'flow', ShardCount: 1 } },
  Partials: fixtureTable('partials'),
  Results: fixtureTable('results'),
  Failures: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'failures' } },
  Mapping: MAPPING,
}

const OUTPUTS = {
  StreamName: { Value: { Ref: 'Flow' } },
  PartialsTable: { Value: { Ref: 'Partials' } },
  ResultsTable: { Value: { Ref: 'Results' } },
  BurstFunction: { Value: { Ref: 'burst' } },
  MergeFunction: { Value: { Ref: 'merge' } },
}

/** A stack as an edge node expects it, with the burst function that poison can end. */
export function poisonStack(versions: string, burstTimeoutS: number): Packaged {
  const functions = {
    burst: { source: bundle("export { handler } from './test/e2e/poisoned-burst'", versions), timeoutS: burstTimeoutS },
    merge: { source: bundle("export { merge as handler } from './handlers/functions'", versions) },
  }
  const packaged = fixturePackage(functions, RESOURCES)
  const template = JSON.parse(packaged.template)
  return { ...packaged, template: JSON.stringify({ ...template, Outputs: { ...template.Outputs, ...OUTPUTS } }) }
}

function bundle(contents: string, versions: string): string {
  const environment = { PARTIALS_TABLE: 'partials', RESULTS_TABLE: 'results', PIPELINE_VERSIONS: versions }
  const { outputFiles } = buildSync({
    stdin: { contents, resolveDir: join(__dirname, '..', '..') },
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    banner: { js: `Object.assign(process.env, ${JSON.stringify(environment)})` },
    write: false,
    logLevel: 'silent',
  })
  return outputFiles[0]!.text
}
