import { type CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import { DescribeStreamSummaryCommand, type KinesisClient } from '@aws-sdk/client-kinesis'
import {
  type EventSourceMappingConfiguration,
  type LambdaClient,
  ListEventSourceMappingsCommand,
} from '@aws-sdk/client-lambda'
import type { Consumer } from '../core/control/cost'
import { CloudUnread, cloudUnread } from './cloud-unread'

/** What `sls deploy` made, by the names that the stack's outputs give. */
export interface Deployment {
  /** null: it was deployed without one, and functions are called. */
  readonly stream: string | null
  readonly partialsTable: string
  readonly resultsTable: string
  readonly burstFunction: string
  readonly mergeFunction: string
  /** Of each pipeline in its functions, by name; absent where it was deployed by a version that did not say. */
  readonly versions?: Readonly<Record<string, string>>
}

const OUTPUTS = {
  partialsTable: 'PartialsTable',
  resultsTable: 'ResultsTable',
  burstFunction: 'BurstFunction',
  mergeFunction: 'MergeFunction',
} as const satisfies Record<Exclude<keyof Deployment, 'stream' | 'versions'>, string>

/** Reads the outputs of a stack. Rejects with CloudUnread when they cannot be read, or are of another kind of stack. */
export async function readDeployment(client: CloudFormationClient, stackName: string): Promise<Deployment> {
  const answer = await client.send(new DescribeStacksCommand({ StackName: stackName })).catch((error: Error) => {
    throw cloudUnread(`stack ${stackName}`, error)
  })
  const outputs = new Map(answer.Stacks?.[0]?.Outputs?.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]))
  const value = (name: string) => {
    const found = outputs.get(name)
    if (found === undefined)
      throw new CloudUnread(
        'not_deployed',
        `stack ${stackName} has no output ${name}`,
        'deploy it again: npx sls deploy',
      )
    return found
  }
  const versions = outputs.get('PipelineVersions')
  return {
    stream: outputs.get('StreamName') ?? null,
    partialsTable: value(OUTPUTS.partialsTable),
    resultsTable: value(OUTPUTS.resultsTable),
    burstFunction: value(OUTPUTS.burstFunction),
    mergeFunction: value(OUTPUTS.mergeFunction),
    ...(versions !== undefined && { versions: pipelineVersions(versions) }),
  }
}

/** The versions of pipelines by name, as serverless.yml gives them to the functions: `name:version`, commas between. */
export const pipelineVersions = (text: string): Record<string, string> =>
  Object.fromEntries(text.split(',').map((one) => one.split(':') as [string, string]))

const NO_STREAM_ADVICE =
  'start the node with --transport invoke, or deploy it with one: npx sls deploy --param="transport=kinesis"'

/** What is to be done where a node is to use the stream of a stack that has none. */
export const noStream = (stackName: string): CloudUnread =>
  new CloudUnread('not_deployed', `stack ${stackName} has no stream`, NO_STREAM_ADVICE)

/** Its stream. Throws `noStream` when it was deployed without one. */
export function streamOf({ stream }: Pick<Deployment, 'stream'>, stackName: string): string {
  if (stream === null) throw noStream(stackName)
  return stream
}

/** How much can run side by side, shards times the mapping's parallelization factor, and how it gets its work. */
export interface Lanes {
  readonly shards: number
  readonly parallelization: number
  readonly consumer: Consumer
}

/** Where a mapping takes its records from, if that is this stream: the stream itself, or a consumer of it. */
export function consumerOf(sourceArn: string | undefined, stream: string): Consumer | undefined {
  const [, name, consumer] = /:stream\/([^/]+)(\/consumer\/.+)?$/.exec(sourceArn ?? '') ?? []
  if (name !== stream) return undefined
  return consumer === undefined ? 'standard' : 'fan-out'
}

/** Of a deployment without a stream. */
export const NO_LANES: Lanes = { shards: 0, parallelization: 0, consumer: 'standard' }

/** Reads the lanes of a deployment. Rejects with CloudUnread when the stream or the mapping cannot be read. */
export async function readLanes(
  kinesis: KinesisClient,
  lambda: LambdaClient,
  { stream: name, burstFunction }: Pick<Deployment, 'stream' | 'burstFunction'>,
): Promise<Lanes> {
  if (name === null) return NO_LANES
  const [stream, mappings] = await Promise.all([
    kinesis.send(new DescribeStreamSummaryCommand({ StreamName: name })),
    lambda.send(new ListEventSourceMappingsCommand({ FunctionName: burstFunction })),
  ]).catch((error: Error) => {
    throw cloudUnread(`stream ${name}, or its mapping,`, error)
  })
  const own = (mapping: EventSourceMappingConfiguration) => consumerOf(mapping.EventSourceArn, name)
  const all = mappings.EventSourceMappings ?? []
  const mapping = all.find((each) => own(each) !== undefined) ?? all[0]
  return {
    shards: stream.StreamDescriptionSummary?.OpenShardCount ?? 0,
    parallelization: mapping?.ParallelizationFactor ?? 1,
    consumer: (mapping && own(mapping)) ?? 'standard',
  }
}
