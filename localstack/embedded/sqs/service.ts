import { createHash } from 'node:crypto'
import { z } from 'zod'
import { arn } from '../arn'
import { jsonError, type WireResponse, type WireService } from '../wire'
import { countMessages, deleteMessage, type Queue, type QueueSettings, receiveMessages, sendMessage } from './queue'

/** 1 MiB since August 2025. */
const MAX_MESSAGE_BYTES = 1024 * 1024

export interface QueueHost {
  /** Wire protocol (AWS JSON 1.0): GetQueueUrl, GetQueueAttributes, SendMessage, ReceiveMessage, DeleteMessage. */
  readonly service: WireService
  createQueue(settings: QueueSettings): void
  deleteQueue(name: string): void
  /** Sends to the queue of that ARN; false when there is none or it is full. */
  sendTo(queueArn: string, body: string): boolean
}

const request = z.object({
  QueueName: z.string().optional(),
  QueueUrl: z.string().optional(),
  MessageBody: z.string().default(''),
  ReceiptHandle: z.string().default(''),
  MaxNumberOfMessages: z.number().int().min(1).max(10).default(1),
  VisibilityTimeout: z.number().min(0).max(43_200).optional(),
})
type Request = z.infer<typeof request>

/** Queues in memory. A receive answers at once, also when it asks for long polling. */
export function createQueueHost(region: string, endpoint: () => string, now: () => number): QueueHost {
  const queues = new Map<string, Queue>()

  const operations: Readonly<Record<string, (queue: Queue, request: Request) => WireResponse>> = {
    GetQueueUrl: (queue) => json({ QueueUrl: queueUrl(endpoint(), queue.settings.name) }),
    GetQueueAttributes: (queue) => json({ Attributes: attributesOf(queue, region, now()) }),
    SendMessage: (queue, { MessageBody }) => send(queue, MessageBody, now()),
    ReceiveMessage: (queue, { MaxNumberOfMessages, VisibilityTimeout }) =>
      receive(queue, MaxNumberOfMessages, VisibilityTimeout, now()),
    DeleteMessage: (queue, { ReceiptHandle }) => {
      deleteMessage(queue, ReceiptHandle)
      return json({})
    },
  }

  return {
    service: async ({ headers, body }) => {
      const name = String(headers['x-amz-target']).split('.')[1] ?? ''
      const operation = operations[name]
      if (operation === undefined) return jsonError(400, 'InvalidAction', `The embedded cloud's SQS has no ${name}`)
      const parsed = request.safeParse(JSON.parse(body.toString()))
      if (!parsed.success) return jsonError(400, 'InvalidParameterValue', z.prettifyError(parsed.error))
      const queue = queues.get(parsed.data.QueueName ?? parsed.data.QueueUrl?.split('/').pop() ?? '')
      return queue === undefined ? noSuchQueue() : operation(queue, parsed.data)
    },
    createQueue: (settings) => void queues.set(settings.name, { settings, messages: [] }),
    deleteQueue: (name) => void queues.delete(name),
    sendTo: (queueArn, body) => {
      const queue = queues.get(queueArn.split(':').pop() ?? '')
      return queue !== undefined && sendMessage(queue, body, now()) !== undefined
    },
  }
}

export function queueUrl(endpoint: string, name: string): string {
  return `${endpoint}/000000000000/${name}`
}

function send(queue: Queue, body: string, nowMs: number): WireResponse {
  const bytes = Buffer.byteLength(body)
  if (bytes === 0 || bytes > MAX_MESSAGE_BYTES) {
    return jsonError(400, 'InvalidParameterValue', `A message must have 1 to ${MAX_MESSAGE_BYTES} bytes, not ${bytes}`)
  }
  const message = sendMessage(queue, body, nowMs)
  if (message === undefined)
    return jsonError(403, 'OverLimit', 'The queue is full: the embedded cloud bounds its memory')
  return json({ MessageId: message.id, MD5OfMessageBody: md5(body) })
}

function receive(queue: Queue, limit: number, timeoutS: number | undefined, nowMs: number): WireResponse {
  const timeoutMs = timeoutS === undefined ? queue.settings.visibilityTimeoutMs : timeoutS * 1000
  const messages = receiveMessages(queue, limit, timeoutMs, nowMs).map((message) => ({
    MessageId: message.id,
    ReceiptHandle: message.receiptHandle,
    Body: message.body,
    MD5OfBody: md5(message.body),
    Attributes: { SentTimestamp: String(message.sentMs), ApproximateReceiveCount: String(message.receives) },
  }))
  return json(messages.length === 0 ? {} : { Messages: messages })
}

function attributesOf(queue: Queue, region: string, nowMs: number): Record<string, string> {
  const { visible, inFlight } = countMessages(queue, nowMs)
  return {
    QueueArn: arn('sqs', region, queue.settings.name),
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    MessageRetentionPeriod: String(queue.settings.retentionMs / 1000),
    VisibilityTimeout: String(queue.settings.visibilityTimeoutMs / 1000),
  }
}

const json = (body: object): WireResponse => ({
  status: 200,
  headers: { 'content-type': 'application/x-amz-json-1.0' },
  body: JSON.stringify(body),
})

const md5 = (text: string): string => createHash('md5').update(text).digest('hex')

const noSuchQueue = (): WireResponse => ({
  ...jsonError(400, 'com.amazonaws.sqs#QueueDoesNotExist', 'The specified queue does not exist.'),
})
