import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import { describe, expect, test } from '@jest/globals'
import {
  countMessages,
  deleteMessage,
  MAX_QUEUED_MESSAGES,
  type Queue,
  receiveMessages,
  sendMessage,
} from '../../localstack/embedded/sqs/queue'
import { startEmbeddedCloud } from '../../localstack/embedded/start'
import { provision } from '../../localstack/provision'
import { fixturePackage } from './fixture-package'

const newQueue = (): Queue => ({
  settings: { name: 'q', visibilityTimeoutMs: 30_000, retentionMs: 60_000 },
  messages: [],
})
const bodies = (messages: readonly { body: string }[]) => messages.map(({ body }) => body)

describe('a queue', () => {
  test('hands messages out oldest first, and each to one receiver until its visibility timeout is over', () => {
    const queue = newQueue()
    for (const body of ['a', 'b', 'c']) sendMessage(queue, body, 0)
    expect(bodies(receiveMessages(queue, 2, 30_000, 0))).toEqual(['a', 'b'])
    expect(bodies(receiveMessages(queue, 10, 30_000, 1))).toEqual(['c'])
    expect(countMessages(queue, 1)).toEqual({ visible: 0, inFlight: 3 })
    expect(bodies(receiveMessages(queue, 10, 30_000, 30_000))).toEqual(['a', 'b'])
  })

  test('deletes by the latest receipt only', () => {
    const queue = newQueue()
    sendMessage(queue, 'a', 0)
    const [first] = receiveMessages(queue, 1, 0, 0).map(({ receiptHandle }) => receiptHandle)
    const [second] = receiveMessages(queue, 1, 0, 1).map(({ receiptHandle }) => receiptHandle)
    deleteMessage(queue, first!)
    expect(queue.messages).toHaveLength(1)
    deleteMessage(queue, second!)
    expect(queue.messages).toHaveLength(0)
  })

  test('forgets what is older than its retention', () => {
    const queue = newQueue()
    sendMessage(queue, 'old', 0)
    sendMessage(queue, 'new', 60_001)
    expect(bodies(queue.messages)).toEqual(['new'])
  })

  test('takes no more than its bound', () => {
    const queue = newQueue()
    for (let index = 0; index < MAX_QUEUED_MESSAGES; index += 1) expect(sendMessage(queue, 'x', 0)).toBeDefined()
    expect(sendMessage(queue, 'x', 0)).toBeUndefined()
  })
})

test('the SDK sends, receives, counts and deletes', async () => {
  const cloud = await startEmbeddedCloud({ port: 0 })
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  const sqs = new SQSClient({ endpoint: cloud.endpoint, region: 'us-east-1', credentials, maxAttempts: 1 })
  try {
    await provision(
      cloud.endpoint,
      fixturePackage({}, { Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'q' } } }),
    )
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: 'q' }))
    expect(QueueUrl).toBe(`${cloud.endpoint}/000000000000/q`)
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'hello' }))
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }))
    expect(Attributes).toMatchObject({
      QueueArn: 'arn:aws:sqs:us-east-1:000000000000:q',
      ApproximateNumberOfMessages: '1',
    })
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }))
    expect(Messages?.map(({ Body }) => Body)).toEqual(['hello'])
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: Messages?.[0]?.ReceiptHandle }))
    expect((await sqs.send(new ReceiveMessageCommand({ QueueUrl, VisibilityTimeout: 0 }))).Messages).toBeUndefined()
    await expect(sqs.send(new GetQueueUrlCommand({ QueueName: 'none' }))).rejects.toMatchObject({
      name: 'QueueDoesNotExist',
    })
  } finally {
    sqs.destroy()
    await cloud.stop()
  }
})
