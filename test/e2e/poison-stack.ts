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
export function poisonStack(version: string, burstTimeoutS: number): Packaged {
  const functions = {
    burst: { source: bundle('test/e2e/poisoned-burst.ts', version), timeoutS: burstTimeoutS },
    merge: { source: bundle('handlers/merge.ts', version) },
  }
  const packaged = fixturePackage(functions, RESOURCES)
  const template = JSON.parse(packaged.template)
  return { ...packaged, template: JSON.stringify({ ...template, Outputs: { ...template.Outputs, ...OUTPUTS } }) }
}

function bundle(file: string, version: string): string {
  const environment = { PARTIALS_TABLE: 'partials', RESULTS_TABLE: 'results', PIPELINE_VERSION: version }
  const { outputFiles } = buildSync({
    entryPoints: [join(__dirname, '..', '..', file)],
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
