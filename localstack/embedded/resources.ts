import { FROM_A_TEMPLATE_MS } from './cloudformation/identity'
import type { Resource, TableSettings } from './cloudformation/resource'
import type { ResourceMaker } from './cloudformation/stacks'
import { EventSourceMapping } from './event-source-mapping/event-source-mapping'
import type { MappingConfig } from './event-source-mapping/mapping-config'
import { consumerOf, deregisterConsumer, registerConsumer } from './kinesis/consumer-verbs'
import type { KinesisStore } from './kinesis/kinesis-store'
import { streamNameOf } from './kinesis/request-fields'
import { shardReader } from './kinesis/shard-reader'
import type { FunctionHost } from './lambda/function-host'
import type { ObjectStore } from './s3'
import type { QueueHost } from './sqs/service'
import { startNodeTimer } from './timers'
import type { WireService } from './wire'

export interface Hosts {
  readonly kinesis: KinesisStore
  readonly dynamodb: WireService
  readonly queues: QueueHost
  readonly objects: ObjectStore
  readonly functions: FunctionHost
  readonly now: () => number
}

/** Makes what a template describes in the services themselves, and keeps the event source mappings that run. */
export class Resources implements ResourceMaker {
  readonly #hosts: Hosts
  readonly #mappings = new Map<string, EventSourceMapping>()

  constructor(hosts: Hosts) {
    this.#hosts = hosts
  }

  mappings(): readonly EventSourceMapping[] {
    return [...this.#mappings.values()]
  }

  async create(resource: Resource): Promise<void> {
    const { kinesis, dynamodb, queues, objects, now } = this.#hosts
    switch (resource.kind) {
      case 'stream': {
        const { name, mode, retentionHours } = resource
        kinesis.createStream({ name, mode, retentionHours }, now())
        return
      }
      case 'consumer':
        registerConsumer(kinesis.stream(streamNameOf(resource.streamArn)), resource.name, FROM_A_TEMPLATE_MS)
        return
      case 'table':
        return createTable(dynamodb, resource.table)
      case 'queue':
        return queues.createQueue(resource.queue)
      case 'bucket':
        return objects.createBucket(resource.name)
      case 'function':
        return this.#deployFunction(resource)
      case 'event_source_mapping':
        return this.#startMapping(resource.mapping)
      case 'acknowledged':
        return
    }
  }

  async update(resource: Resource): Promise<void> {
    if (resource.kind === 'event_source_mapping') await this.#stopMapping(resource.mapping.uuid)
    await this.create(resource)
  }

  async remove(resource: Resource): Promise<void> {
    const { kinesis, dynamodb, queues, objects, functions } = this.#hosts
    switch (resource.kind) {
      case 'stream':
        return kinesis.deleteStream(resource.name)
      case 'consumer':
        return deregisterConsumer(kinesis.stream(streamNameOf(resource.streamArn)), resource.name)
      case 'table':
        return callDynamodb(dynamodb, 'DeleteTable', { TableName: resource.table.name })
      case 'queue':
        return queues.deleteQueue(resource.queue.name)
      case 'bucket':
        return objects.deleteBucket(resource.name)
      case 'function':
        return functions.remove(resource.config.name)
      case 'event_source_mapping':
        return this.#stopMapping(resource.mapping.uuid)
      case 'acknowledged':
        return
    }
  }

  async #deployFunction({ config, code }: Resource & { kind: 'function' }): Promise<void> {
    const zip = this.#hosts.objects.get(code.bucket, code.key)
    if (zip === undefined) throw new Error(`The deployment package s3://${code.bucket}/${code.key} does not exist`)
    await this.#hosts.functions.deploy(config, zip)
  }

  #startMapping(mapping: MappingConfig): void {
    const { kinesis, functions, queues, now } = this.#hosts
    const target = functions.get(mapping.functionName)
    if (target === undefined) throw new Error(`Function not found: ${mapping.functionArn}`)
    const stream =
      mapping.consumer === 'fan-out'
        ? consumerOf(kinesis, mapping.eventSourceArn).stream
        : kinesis.stream(streamNameOf(mapping.eventSourceArn))
    const config = { ...mapping, executionRoleArn: target.config.roleArn }
    const running = new EventSourceMapping(config, {
      reader: shardReader(kinesis, stream),
      invoke: functions.invoke,
      sendToDestination: async (arn, body) => {
        if (!queues.sendTo(arn, body)) throw new Error('there is no such queue, or it is full')
      },
      now,
      startTimer: startNodeTimer,
    })
    this.#mappings.set(mapping.uuid, running)
  }

  async #stopMapping(uuid: string): Promise<void> {
    const running = this.#mappings.get(uuid)
    this.#mappings.delete(uuid)
    await running?.stop()
  }
}

async function createTable(dynamodb: WireService, { name, createTable, ttlAttribute }: TableSettings): Promise<void> {
  await callDynamodb(dynamodb, 'CreateTable', createTable)
  if (ttlAttribute === undefined) return
  const TimeToLiveSpecification = { AttributeName: ttlAttribute, Enabled: true }
  await callDynamodb(dynamodb, 'UpdateTimeToLive', { TableName: name, TimeToLiveSpecification })
}

/** A call as it would come over the wire; dynalite wants it signed, though it cannot check by whom. */
async function callDynamodb(dynamodb: WireService, operation: string, body: object): Promise<void> {
  const headers = {
    'x-amz-target': `DynamoDB_20120810.${operation}`,
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-date': '20260101T000000Z',
    authorization: 'AWS4-HMAC-SHA256 Credential=embedded, SignedHeaders=host, Signature=embedded',
  }
  const request = { method: 'POST', path: '/', query: new URLSearchParams(), headers }
  const answer = await dynamodb({ ...request, body: Buffer.from(JSON.stringify(body)) })
  if (answer.status !== 200) throw new Error(`${operation}: ${answer.body.toString()}`)
}
