import { BatchGetItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DescribeStreamSummaryCommand, type KinesisClient } from '@aws-sdk/client-kinesis'
import {
  GetFunctionConfigurationCommand,
  InvokeCommand,
  type LambdaClient,
  ListEventSourceMappingsCommand,
} from '@aws-sdk/client-lambda'

import { consumerOf, pipelineVersions } from './deployment'

/**
 * Looks at the cloud half without changing it, with no rights but those of the edge node's policy. All functions reject
 * with what the SDK says when a call fails.
 */

/** Whether the stream takes records; its shards. */
export async function lookAtStream(client: KinesisClient, stream: string) {
  const { StreamDescriptionSummary: found } = await client.send(
    new DescribeStreamSummaryCommand({ StreamName: stream }),
  )
  return { status: found?.StreamStatus ?? 'unknown', shards: found?.OpenShardCount ?? 0 }
}

/** Resolves when the table can be read: it asks for an item that is not there. */
export async function lookAtTable(client: DynamoDBClient, table: string): Promise<void> {
  const nowhere = { pk: { S: 'nowhere' }, sk: { S: 'nothing' } }
  await client.send(new BatchGetItemCommand({ RequestItems: { [table]: { Keys: [nowhere] } } }))
}

/** The versions of the pipelines in a function: undefined when it may be called but not looked into. */
export async function lookAtFunction(client: LambdaClient, name: string) {
  try {
    const { State, Environment } = await client.send(new GetFunctionConfigurationCommand({ FunctionName: name }))
    const versions = Environment?.Variables?.PIPELINE_VERSIONS
    return { state: State ?? 'Active', versions: versions === undefined ? undefined : pipelineVersions(versions) }
  } catch (error) {
    if (!isDenied(error)) throw error
    await client.send(new InvokeCommand({ FunctionName: name, InvocationType: 'DryRun' }))
    return { state: 'Active', versions: undefined }
  }
}

/** What gives the records of a stream to the function; undefined when nothing does. */
export async function lookAtMapping(client: LambdaClient, functionName: string, stream: string) {
  const { EventSourceMappings = [] } = await client.send(
    new ListEventSourceMappingsCommand({ FunctionName: functionName }),
  )
  const found = EventSourceMappings.find(({ EventSourceArn }) => consumerOf(EventSourceArn, stream) !== undefined)
  if (found === undefined) return undefined
  const { State = 'unknown', ParallelizationFactor = 1, FunctionResponseTypes = [] } = found
  const reportsFailures = FunctionResponseTypes.includes('ReportBatchItemFailures')
  const consumer = consumerOf(found.EventSourceArn, stream)
  return { state: State, parallelization: ParallelizationFactor, reportsFailures, consumer }
}

const isDenied = (error: unknown) => error instanceof Error && error.name.startsWith('AccessDenied')
