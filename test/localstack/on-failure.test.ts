import { KinesisClient, PutRecordCommand } from '@aws-sdk/client-kinesis'
import { type Message, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { expect, test } from '@jest/globals'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { startEmbeddedCloud } from '../../localstack/embedded/start'
import { provision } from '../../localstack/provision'
import { fixturePackage } from './fixture-package'

const RESOURCES = {
  Flow: { Type: 'AWS::Kinesis::Stream', Properties: { Name: 'flow' } },
  Failures: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'failures' } },
  Mapping: {
    Type: 'AWS::Lambda::EventSourceMapping',
    Properties: {
      EventSourceArn: { 'Fn::GetAtt': ['Flow', 'Arn'] },
      FunctionName: { Ref: 'fails' },
      StartingPosition: 'TRIM_HORIZON',
      MaximumRetryAttempts: 0,
      DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['Failures', 'Arn'] } } },
    },
  },
}

test('a batch that its function gives up on is noted in the on-failure queue of the template', async () => {
  const cloud = await startEmbeddedCloud({ port: 0, pollIntervalMs: 10, onFunctionLog: () => {} })
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  const settings = { endpoint: cloud.endpoint, region: 'us-east-1', credentials }
  const kinesis = new KinesisClient({ ...settings, requestHandler: new NodeHttpHandler() })
  const sqs = new SQSClient(settings)
  try {
    const source = `exports.handler = async () => { throw new Error('never') }`
    await provision(cloud.endpoint, fixturePackage({ fails: { source } }, RESOURCES))
    const record = { StreamName: 'flow', PartitionKey: 'a', Data: Buffer.from('poison') }
    const { SequenceNumber } = await kinesis.send(new PutRecordCommand(record))
    const notice = JSON.parse((await firstMessage(sqs, `${cloud.endpoint}/000000000000/failures`)).Body ?? '')
    expect(notice).toMatchObject({
      requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 1 },
      KinesisBatchInfo: { startSequenceNumber: SequenceNumber, batchSize: 1 },
    })
  } finally {
    kinesis.destroy()
    sqs.destroy()
    await cloud.stop()
  }
})

async function firstMessage(sqs: SQSClient, QueueUrl: string): Promise<Message> {
  for (;;) {
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }))
    if (Messages?.[0] !== undefined) return Messages[0]
  }
}
