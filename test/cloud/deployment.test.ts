import type { CloudFormationClient } from '@aws-sdk/client-cloudformation'
import type { KinesisClient } from '@aws-sdk/client-kinesis'
import type { LambdaClient } from '@aws-sdk/client-lambda'
import { describe, expect, test } from '@jest/globals'
import { CloudUnread } from '../../cloud/cloud-unread'
import { readDeployment, readLanes, streamOf } from '../../cloud/deployment'
import { ScriptedClient } from './scripted-client'

const OUTPUTS = {
  StreamName: 'spillway-dev-overflow',
  PartialsTable: 'spillway-dev-partials',
  ResultsTable: 'spillway-dev-results',
  BurstFunction: 'spillway-dev-burst',
  MergeFunction: 'spillway-dev-merge',
  OnFailureQueueUrl: 'http://queue',
}
const stackOf = (outputs: object) => ({
  Stacks: [{ Outputs: Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })) }],
})
const readFrom = (client: ScriptedClient) => readDeployment(client.as<CloudFormationClient>(), 'spillway-dev')
const deployment = {
  stream: 'spillway-dev-overflow',
  partialsTable: 'spillway-dev-partials',
  resultsTable: 'spillway-dev-results',
  burstFunction: 'spillway-dev-burst',
  mergeFunction: 'spillway-dev-merge',
}

describe('the deployment', () => {
  test('says which pipelines its functions have, where it was deployed by a version that tells', async () => {
    const client = new ScriptedClient(stackOf({ ...OUTPUTS, PipelineVersions: 'bids:abc,hot:def' }))
    expect(await readFrom(client)).toEqual({ ...deployment, versions: { bids: 'abc', hot: 'def' } })
  })

  test('is what the outputs of the stack name', async () => {
    const client = new ScriptedClient(stackOf(OUTPUTS))
    expect(await readFrom(client)).toEqual(deployment)
    expect(client.inputs).toEqual([{ StackName: 'spillway-dev' }])
  })

  const refused = (name: string, message: string, httpStatusCode = 400) =>
    Object.assign(new Error(message), { name, $metadata: { httpStatusCode } })
  const lost = (code: string) => Object.assign(new Error(`connect ${code}`), { code, $metadata: { attempts: 4 } })

  test.each([
    [
      'is not there has to be deployed',
      refused('ValidationError', 'Stack with id spillway-dev does not exist'),
      ['not_deployed', false, /^stack spillway-dev is not there .*; deploy it: npx sls deploy/],
    ],
    [
      'does not answer may be there, and is not said to have to be deployed',
      lost('ECONNREFUSED'),
      ['cloud_unreachable', true, /does not answer \(connect ECONNREFUSED\); check the network.* start the node again/],
    ],
    [
      'is throttled does not answer',
      refused('Throttling', 'Rate exceeded'),
      ['cloud_unreachable', true, /does not answer \(Rate exceeded\)/],
    ],
    [
      'this user may not read asks for the policy',
      refused('AccessDenied', 'not authorized', 403),
      ['cloud_denied', false, /refuses it \(not authorized\); give this user or role the stack's EdgeNodePolicy/],
    ],
    [
      'nobody asks for is told before any call',
      new Error('Region is missing'),
      ['no_credentials', false, /\(Region is missing\); set AWS_REGION/],
    ],
  ] as const)('that %s', async (_, error, [code, retryable, message]) => {
    const call = readFrom(new ScriptedClient(error))
    await expect(call).rejects.toBeInstanceOf(CloudUnread)
    await expect(call).rejects.toMatchObject({ code, retryable, message: expect.stringMatching(message) })
    if (code !== 'not_deployed') await expect(call).rejects.not.toThrow(/sls deploy/)
  })

  test.each(Object.keys(OUTPUTS).filter((name) => name !== 'OnFailureQueueUrl' && name !== 'StreamName'))(
    'without the output %s names it, and says what to do',
    async (name) => {
      const { [name as keyof typeof OUTPUTS]: _, ...others } = OUTPUTS
      const call = readFrom(new ScriptedClient(stackOf(others)))
      await expect(call).rejects.toBeInstanceOf(CloudUnread)
      await expect(call).rejects.toThrow(`stack spillway-dev has no output ${name}; deploy it again: npx sls deploy`)
    },
  )

  test.each([{}, { Stacks: [] }, { Stacks: [{}] }])('of the answer %j is another kind of stack', async (answer) => {
    await expect(readFrom(new ScriptedClient(answer))).rejects.toThrow(/has no output PartialsTable/)
  })

  test('has no stream where the outputs name none: it was deployed for calls', async () => {
    const { StreamName: _, ...others } = OUTPUTS
    expect(await readFrom(new ScriptedClient(stackOf(others)))).toEqual({ ...deployment, stream: null })
  })

  test('gives its stream to who needs one, or says what to do', () => {
    expect(streamOf({ stream: 'flow' }, 'spillway-dev')).toBe('flow')
    expect(() => streamOf({ stream: null }, 'spillway-dev')).toThrow(
      'stack spillway-dev has no stream; start the node with --transport invoke, or deploy it with one: npx sls deploy --param="transport=kinesis"',
    )
  })
})

describe('the lanes', () => {
  const lanesOf = (kinesis: ScriptedClient, lambda: ScriptedClient) =>
    readLanes(kinesis.as<KinesisClient>(), lambda.as<LambdaClient>(), deployment)
  const stream = (OpenShardCount: number) => new ScriptedClient({ StreamDescriptionSummary: { OpenShardCount } })

  test('are the open shards and how many batches of each are worked on at once', async () => {
    const [kinesis, lambda] = [stream(3), new ScriptedClient({ EventSourceMappings: [{ ParallelizationFactor: 4 }] })]
    expect(await lanesOf(kinesis, lambda)).toEqual({ shards: 3, parallelization: 4, consumer: 'standard' })
    expect(kinesis.inputs).toEqual([{ StreamName: 'spillway-dev-overflow' }])
    expect(lambda.inputs).toEqual([{ FunctionName: 'spillway-dev-burst' }])
  })

  test('are none without a stream, and nobody is asked', async () => {
    const [kinesis, lambda] = [new ScriptedClient(), new ScriptedClient()]
    const none = readLanes(kinesis.as<KinesisClient>(), lambda.as<LambdaClient>(), { ...deployment, stream: null })
    expect(await none).toEqual({ shards: 0, parallelization: 0, consumer: 'standard' })
    expect([...kinesis.inputs, ...lambda.inputs]).toEqual([])
  })

  test('are one for each shard where the mapping says nothing, as it is by default', async () => {
    expect(await lanesOf(stream(2), new ScriptedClient({ EventSourceMappings: [{}] }))).toEqual({
      shards: 2,
      parallelization: 1,
      consumer: 'standard',
    })
  })

  test('are fed by a consumer where the mapping names one of the stream, and not one of another', async () => {
    const arn = 'arn:aws:kinesis:us-east-1:000000000000:stream'
    const other = { EventSourceArn: `${arn}/my-spillway-dev-overflow/consumer/c:1`, ParallelizationFactor: 9 }
    const own = {
      EventSourceArn: `${arn}/spillway-dev-overflow/consumer/spillway-dev-burst:17`,
      ParallelizationFactor: 4,
    }
    expect(await lanesOf(stream(2), new ScriptedClient({ EventSourceMappings: [other, own] }))).toEqual({
      shards: 2,
      parallelization: 4,
      consumer: 'fan-out',
    })
  })
})
