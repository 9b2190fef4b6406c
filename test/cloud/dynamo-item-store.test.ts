import { GetItemCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { DynamoItemStore } from '../../cloud/dynamo-item-store'
import { itemId } from '../../cloud/item-store'
import { MemoryItemStore } from '../../cloud/memory-item-store'
import { edgePartialsContract } from './edge-partial.contract'
import { itemStoreContract } from './item-store.contract'
import { type LocalTables, startLocalTables } from './local-tables'
import { envelopePartialsContract } from './partial-store.contract'
import { resultStoreContract } from './result-store.contract'

describe('in DynamoDB', () => {
  let tables: LocalTables
  beforeAll(async () => {
    tables = await startLocalTables()
  })
  afterAll(() => tables.stop())

  const open = async () => new DynamoItemStore(tables.client, await tables.newTable())
  itemStoreContract(open)
  envelopePartialsContract(open)
  edgePartialsContract(open)
  resultStoreContract(open)

  test('readers see the flag of a final item, and its expiry as the attribute that the time to live names', async () => {
    const TableName = await tables.newTable()
    const store = new DynamoItemStore(tables.client, TableName)
    await store.putIfAbsent({ pk: 'p', sk: 'head', body: new Uint8Array(1), expiresAtS: 1_800_000_000 })
    await store.markFinal({ pk: 'p', sk: 'head' })
    const { Item } = await tables.client.send(
      new GetItemCommand({ TableName, Key: { pk: { S: 'p' }, sk: { S: 'head' } }, ConsistentRead: true }),
    )
    expect(Item).toMatchObject({ final: { BOOL: true }, expiresAtS: { N: '1800000000' } })
  })
})

describe('in memory', () => {
  const open = async () => new MemoryItemStore()
  itemStoreContract(open)
  envelopePartialsContract(open)
  edgePartialsContract(open)
  resultStoreContract(open)

  test('readers see which items are final', async () => {
    const store = new MemoryItemStore()
    const key = { pk: 'p', sk: 'head' }
    await store.markFinal(key)
    expect(store.final.size).toBe(0)
    await store.putIfAbsent({ ...key, body: new Uint8Array(1), expiresAtS: 1 })
    await store.markFinal(key)
    expect([...store.final]).toEqual([itemId(key)])
  })
})
