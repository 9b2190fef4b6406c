import type { Packaged } from '../../localstack/package'
import { fixtureMapping, fixturePackage, fixtureTable } from '../localstack/fixture-package'

const STREAM = { Type: 'AWS::Kinesis::Stream', Properties: { Name: 'flow', ShardCount: 2 } }
const MAPPING = fixtureMapping('burst', {
  ParallelizationFactor: 3,
  FunctionResponseTypes: ['ReportBatchItemFailures'],
})

/** What may be wrong with a stack. */
export interface Faults {
  /** Version of the pipeline `bids` in the functions. */
  readonly version: string
  readonly withoutMapping?: boolean
  /** Deployed for calls. */
  readonly withoutStream?: boolean
  /** The outputs name a table that is not there. */
  readonly wrongTable?: boolean
}

/** A stack with all that an edge node looks for; its functions do nothing. */
export function inspectionStack({ version, withoutMapping, withoutStream, wrongTable }: Faults): Packaged {
  const source = 'exports.handler = async () => null'
  const tables = { Partials: fixtureTable('partials'), Results: fixtureTable('results') }
  const resources = withoutStream ? tables : { Flow: STREAM, ...tables }
  const packaged = fixturePackage(
    { burst: { source }, merge: { source } },
    withoutMapping || withoutStream ? resources : { ...resources, Mapping: MAPPING },
  )
  const template = JSON.parse(packaged.template)
  for (const name of ['burst', 'merge'])
    template.Resources[name].Properties.Environment = { Variables: { PIPELINE_VERSIONS: `bids:${version}` } }
  const outputs = {
    ...(!withoutStream && { StreamName: { Value: { Ref: 'Flow' } } }),
    PartialsTable: { Value: { Ref: 'Partials' } },
    ResultsTable: { Value: wrongTable ? 'gone' : { Ref: 'Results' } },
    BurstFunction: { Value: { Ref: 'burst' } },
    MergeFunction: { Value: { Ref: 'merge' } },
    PipelineVersions: { Value: `bids:${version}` },
  }
  return { ...packaged, template: JSON.stringify({ ...template, Outputs: { ...template.Outputs, ...outputs } }) }
}
