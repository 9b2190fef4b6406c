import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Resource } from '../../localstack/embedded/cloudformation/resource'
import { stepsBetween } from '../../localstack/embedded/cloudformation/stack'
import { type EmbeddedCloud, startEmbeddedCloud } from '../../localstack/embedded/start'

const bucket = (logicalId: string): Resource => ({
  kind: 'bucket',
  type: 'AWS::S3::Bucket',
  logicalId,
  physicalId: logicalId,
  name: logicalId,
})
const stream = (logicalId: string, shardCount: number): Resource => ({
  kind: 'stream',
  type: 'AWS::Kinesis::Stream',
  logicalId,
  physicalId: logicalId,
  name: logicalId,
  mode: { kind: 'PROVISIONED', shardCount },
  retentionHours: 24,
})

describe('steps from one template to the next', () => {
  test('what others need is made first, and what is gone is removed last', () => {
    const steps = stepsBetween([bucket('old'), stream('oldStream', 1)], [stream('s', 1), bucket('b')])
    expect(steps.map(({ kind, resource }) => `${kind} ${resource.logicalId}`)).toEqual([
      'create b',
      'create s',
      'delete oldStream',
      'delete old',
    ])
  })

  test('what is the same needs nothing', () => {
    expect(stepsBetween([stream('s', 1)], [stream('s', 1)])).toEqual([])
  })

  test('a change that would have to move data is refused with what to do', () => {
    expect(() => stepsBetween([stream('s', 1)], [stream('s', 2)])).toThrow(
      /s \(AWS::Kinesis::Stream\) cannot be changed.*start it again/,
    )
  })
})

describe('stacks through the SDK', () => {
  let cloud: EmbeddedCloud
  let client: CloudFormationClient

  beforeAll(async () => {
    cloud = await startEmbeddedCloud({ port: 0 })
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
    client = new CloudFormationClient({ endpoint: cloud.endpoint, region: 'us-east-1', credentials, maxAttempts: 1 })
  })
  afterAll(async () => {
    client.destroy()
    await cloud.stop()
  })

  const streamOf = (Name: string) => ({ Type: 'AWS::Kinesis::Stream', Properties: { Name } })
  const bodyOf = (Resources: object) => JSON.stringify({ Resources, Outputs: { Note: { Value: 'a < b & "c"' } } })
  const create = (StackName: string, Resources: object) =>
    client.send(new CreateStackCommand({ StackName, TemplateBody: bodyOf(Resources) }))
  const status = async (StackName: string) => {
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName }))
    return Stacks?.[0]
  }

  test('a stack is there when CreateStack has answered, with its outputs as they were written', async () => {
    const { StackId } = await create('one', { Stream: streamOf('one') })
    expect(await status('one')).toMatchObject({
      StackId,
      StackStatus: 'CREATE_COMPLETE',
      Outputs: [{ OutputKey: 'Note', OutputValue: 'a < b & "c"' }],
    })
    expect(cloud.stats().streams).toHaveProperty('one')
  })

  test('a name can be taken once', async () => {
    await expect(create('one', {})).rejects.toMatchObject({ name: 'AlreadyExistsException' })
  })

  test('a failure undoes everything and says why', async () => {
    await create('half', { Mine: streamOf('half'), Taken: streamOf('one') })
    expect(await status('half')).toMatchObject({
      StackStatus: 'ROLLBACK_COMPLETE',
      StackStatusReason: expect.stringMatching(/Stream one .*already exists/),
    })
    expect(Object.keys(cloud.stats().streams)).toEqual(['one'])
    const { StackEvents } = await client.send(new DescribeStackEventsCommand({ StackName: 'half' }))
    expect(StackEvents?.map((event) => `${event.LogicalResourceId} ${event.ResourceStatus}`)).toEqual([
      'half ROLLBACK_COMPLETE',
      'Mine DELETE_COMPLETE',
      'Taken CREATE_FAILED',
      'Mine CREATE_COMPLETE',
    ])
  })

  test('an update adds and removes; without a change it is refused in the words that tools look for', async () => {
    const update = (Resources: object) =>
      client.send(new UpdateStackCommand({ StackName: 'one', TemplateBody: bodyOf(Resources) }))
    await update({ Other: streamOf('other') })
    expect(await status('one')).toMatchObject({ StackStatus: 'UPDATE_COMPLETE' })
    expect(Object.keys(cloud.stats().streams)).toEqual(['other'])
    await expect(update({ Other: streamOf('other') })).rejects.toThrow('No updates are to be performed.')
  })

  test('a stack that is deleted takes its resources along', async () => {
    await client.send(new DeleteStackCommand({ StackName: 'one' }))
    await expect(status('one')).rejects.toThrow('Stack with id one does not exist')
    expect(cloud.stats().streams).toEqual({})
  })

  test('a template that cannot be read is a ValidationError', async () => {
    await expect(create('bad', { Topic: { Type: 'AWS::SNS::Topic' } })).rejects.toMatchObject({
      name: 'ValidationError',
    })
  })
})
