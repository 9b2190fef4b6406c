import {
  type AttributeValue,
  BatchGetItemCommand,
  BatchWriteItemCommand,
  ConditionalCheckFailedException,
  type ConsumedCapacity,
  type DynamoDBClient,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import { jitteredDelays } from './backoff'
import {
  bytesOf,
  type CapacityMeter,
  type Item,
  type ItemKey,
  type ItemStore,
  itemId,
  writeUnitsOf,
} from './item-store'

const MAX_BATCH_WRITE = 25 // DynamoDB's limit on BatchWriteItem
const MAX_BATCH_GET = 100 // DynamoDB's limit on BatchGetItem
const READ_TIMEOUT_MS = 3_000 // of a call that sends little and waits for the first byte: far above what is ever normal
const MAX_ROUNDS = 10 // rounds for what the service left unprocessed; with the backoff below about 6 s

/** The items of one DynamoDB table (`pk`, `sk`, time to live in `expiresAtS`). */
export class DynamoItemStore implements ItemStore {
  readonly meter: CapacityMeter = { readUnits: 0, readBytes: 0, writeUnits: 0 }

  constructor(
    private readonly client: DynamoDBClient,
    private readonly table: string,
  ) {}

  async putAll(items: readonly Item[]): Promise<void> {
    for (let start = 0; start < items.length; start += MAX_BATCH_WRITE) {
      await this.putBatch(items.slice(start, start + MAX_BATCH_WRITE))
    }
  }

  async putIfAbsent(item: Item): Promise<boolean> {
    try {
      const { ConsumedCapacity } = await this.client.send(
        new PutItemCommand({
          TableName: this.table,
          Item: toAttributes(item),
          ConditionExpression: 'attribute_not_exists(pk)',
          ReturnConsumedCapacity: 'TOTAL',
        }),
      )
      this.wrote(ConsumedCapacity)
      return true
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error
      // a refused write is billed too, and its exception does not say how much
      this.meter.writeUnits += writeUnitsOf(item)
      return false
    }
  }

  async getAll(keys: readonly ItemKey[]): Promise<(Item | undefined)[]> {
    const found = new Map<string, Item>()
    for (let start = 0; start < keys.length; start += MAX_BATCH_GET) {
      for (const item of await this.getBatch(keys.slice(start, start + MAX_BATCH_GET))) found.set(itemId(item), item)
    }
    return keys.map((key) => found.get(itemId(key)))
  }

  async markFinal(key: ItemKey): Promise<void> {
    try {
      const { ConsumedCapacity } = await this.client.send(
        new UpdateItemCommand({
          TableName: this.table,
          Key: toKey(key),
          UpdateExpression: 'SET #final = :true',
          ConditionExpression: 'attribute_exists(pk)',
          ExpressionAttributeNames: { '#final': 'final' },
          ExpressionAttributeValues: { ':true': { BOOL: true } },
          ReturnConsumedCapacity: 'TOTAL',
        }),
      )
      this.wrote(ConsumedCapacity)
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error
    }
  }

  private async putBatch(items: readonly Item[]): Promise<void> {
    const delays = jitteredDelays(MAX_ROUNDS)
    let requests = items.map((item) => ({ PutRequest: { Item: toAttributes(item) } }))
    while (requests.length > 0) {
      const answer = await this.client.send(
        new BatchWriteItemCommand({ RequestItems: { [this.table]: requests }, ReturnConsumedCapacity: 'TOTAL' }),
      )
      this.wrote(answer.ConsumedCapacity)
      requests = (answer.UnprocessedItems?.[this.table] ?? []) as typeof requests
      if (requests.length > 0) await delays.next(`${requests.length} items of ${this.table} stay unprocessed`)
    }
  }

  private async getBatch(keys: readonly ItemKey[]): Promise<Item[]> {
    const delays = jitteredDelays(MAX_ROUNDS)
    const items: Item[] = []
    let wanted: Record<string, AttributeValue>[] = keys.map(toKey)
    while (wanted.length > 0) {
      const answer = await this.client.send(
        new BatchGetItemCommand({
          RequestItems: { [this.table]: { Keys: wanted, ConsistentRead: true } },
          ReturnConsumedCapacity: 'TOTAL',
        }),
        { requestTimeout: READ_TIMEOUT_MS },
      )
      for (const { CapacityUnits } of answer.ConsumedCapacity ?? []) this.meter.readUnits += CapacityUnits ?? 0
      const found = (answer.Responses?.[this.table] ?? []).map(fromAttributes)
      for (const item of found) this.meter.readBytes += bytesOf(item)
      items.push(...found)
      wanted = answer.UnprocessedKeys?.[this.table]?.Keys ?? []
      if (wanted.length > 0) await delays.next(`${wanted.length} keys of ${this.table} stay unread`)
    }
    return items
  }

  private wrote(capacity: ConsumedCapacity | ConsumedCapacity[] | undefined): void {
    for (const { CapacityUnits } of [capacity ?? []].flat()) this.meter.writeUnits += CapacityUnits ?? 0
  }
}

const toKey = ({ pk, sk }: ItemKey) => ({ pk: { S: pk }, sk: { S: sk } })

function toAttributes({ pk, sk, body, expiresAtS }: Item): Record<string, AttributeValue> {
  return { pk: { S: pk }, sk: { S: sk }, body: { B: body }, expiresAtS: { N: String(expiresAtS) } }
}

function fromAttributes(attributes: Record<string, AttributeValue>): Item {
  const { pk, sk, body, expiresAtS } = attributes
  if (pk?.S === undefined || sk?.S === undefined || body?.B === undefined)
    throw new Error('an item without pk, sk or body')
  return { pk: pk.S, sk: sk.S, body: body.B, expiresAtS: Number(expiresAtS?.N ?? 0) }
}
