import { type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import fc from 'fast-check'
import { DynamoItemStore } from '../../cloud/dynamo-item-store'
import { itemId } from '../../cloud/item-store'
import { chunkKey, edgePartition, envelopePartition, HEAD, type Origin, resultPartition } from '../../cloud/keys'
import { MemoryItemStore } from '../../cloud/memory-item-store'
import { edgePartialsContract } from './edge-partial.contract'
import { itemStoreContract } from './item-store.contract'
import { type LocalTables, startLocalTables } from './local-tables'
import { envelopePartialsContract } from './partial-store.contract'
import { resultStoreContract } from './result-store.contract'
import { instantSleeps, ScriptedClient } from './scripted-client'

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

describe('the keys of items', () => {
  const part = fc.string({ unit: fc.constantFrom(...'abc019-'), minLength: 1, maxLength: 4 })
  const origin: fc.Arbitrary<Origin> = fc.record({ pipeline: part, version: part, incarnation: part })
  const number = fc.nat(20)

  describe('keys', () => {
    test('give each envelope, each window and each edge partial a partition of its own, so that none is hot', () => {
      const partition = fc.tuple(fc.constantFrom(envelopePartition, edgePartition, resultPartition), origin, number)
      fc.assert(
        fc.property(partition, partition, ([of, from, at], [ofOther, fromOther, atOther]) => {
          const same = of === ofOther && at === atOther && JSON.stringify(from) === JSON.stringify(fromOther)
          expect(of(from, at) === ofOther(fromOther, atOther)).toBe(same)
        }),
        { numRuns: 1_000 },
      )
    })

    test('of chunks differ with the attempt, the pane and the place, and are never that of the head', () => {
      const chunk = fc.tuple(part, number, number)
      fc.assert(
        fc.property(chunk, chunk, (one, other) => {
          expect(chunkKey(...one) === chunkKey(...other)).toBe(JSON.stringify(one) === JSON.stringify(other))
          expect(chunkKey(...one)).not.toBe(HEAD)
        }),
        { numRuns: 1_000 },
      )
    })
  })
})

describe('the item store of DynamoDB tries again', () => {
  const keys = ['a', 'b', 'c'].map((sk) => ({ pk: 'p', sk }))
  const items = keys.map((key) => ({ ...key, body: new Uint8Array([1]), expiresAtS: 5 }))
  const wireKey = (sk: string) => ({ pk: { S: 'p' }, sk: { S: sk } })
  const wireItem = (sk: string) => ({ ...wireKey(sk), body: { B: new Uint8Array([1]) }, expiresAtS: { N: '5' } })
  const puts = (...sks: string[]) => sks.map((sk) => ({ PutRequest: { Item: wireItem(sk) } }))

  let delaysMs: number[]
  beforeEach(() => {
    delaysMs = instantSleeps()
  })
  afterEach(() => {
    jest.restoreAllMocks()
  })

  const storeOver = (client: ScriptedClient) => new DynamoItemStore(client.as<DynamoDBClient>(), 'table')
  const writes = ({ inputs }: ScriptedClient) =>
    inputs.map(({ RequestItems }) => (RequestItems as { table: unknown }).table)
  const reads = (client: ScriptedClient) =>
    (writes(client) as { Keys: { sk: { S: string } }[]; ConsistentRead?: boolean }[]).map(
      ({ Keys, ConsistentRead }) => ({
        keys: Keys.map(({ sk }) => sk.S),
        ConsistentRead,
      }),
    )

  describe('what DynamoDB leaves of a write', () => {
    test('is written again, alone, after a delay', async () => {
      const left = (...sks: string[]) => ({ UnprocessedItems: { table: puts(...sks) } })
      const client = new ScriptedClient(left('b', 'c'), left('c'), {})
      await storeOver(client).putAll(items)
      expect(writes(client)).toEqual([puts('a', 'b', 'c'), puts('b', 'c'), puts('c')])
      expect(delaysMs).toHaveLength(2)
    })

    test('is given up when it stays, by the number of items and the table', async () => {
      const client = new ScriptedClient({ UnprocessedItems: { table: puts('b', 'c') } })
      await expect(storeOver(client).putAll(items)).rejects.toThrow('2 items of table stay unprocessed after 10 tries')
      expect(client.inputs).toHaveLength(10)
    })

    test('of one batch does not hold items of another', async () => {
      const many = Array.from({ length: 26 }, (_, index) => ({ ...items[0]!, sk: String(index) }))
      const client = new ScriptedClient({ UnprocessedItems: { table: puts('3') } }, {}, {})
      await storeOver(client).putAll(many)
      expect((writes(client) as unknown[][]).map(({ length }) => length)).toEqual([25, 1, 1])
    })

    test('counts each round as it was billed', async () => {
      const used = (CapacityUnits: number) => ({ ConsumedCapacity: [{ TableName: 'table', CapacityUnits }] })
      const client = new ScriptedClient({ ...used(1), UnprocessedItems: { table: puts('b', 'c') } }, used(2))
      const store = storeOver(client)
      await store.putAll(items)
      expect(store.meter).toEqual({ readUnits: 0, readBytes: 0, writeUnits: 3 })
    })
  })

  describe('what DynamoDB leaves of a read', () => {
    const answer = (found: string[], left: string[]) => ({
      Responses: { table: found.map(wireItem) },
      UnprocessedKeys: left.length === 0 ? {} : { table: { Keys: left.map(wireKey) } },
      ConsumedCapacity: [{ TableName: 'table', CapacityUnits: found.length }],
    })

    test('is read again, alone and consistently, after a delay', async () => {
      const client = new ScriptedClient(answer(['b'], ['a', 'c']), answer(['c'], ['a']), answer(['a'], []))
      const store = storeOver(client)
      expect(await store.getAll(keys)).toEqual(items)
      expect(reads(client)).toEqual([
        { keys: ['a', 'b', 'c'], ConsistentRead: true },
        { keys: ['a', 'c'], ConsistentRead: true },
        { keys: ['a'], ConsistentRead: true },
      ])
      expect(delaysMs).toHaveLength(2)
      expect(store.meter).toMatchObject({ readUnits: 3, writeUnits: 0 })
    })

    test('is given up when it stays: an unread item is never an absent one', async () => {
      const client = new ScriptedClient(answer([], ['c']))
      await expect(storeOver(client).getAll(keys)).rejects.toThrow('1 keys of table stay unread after 10 tries')
      expect(client.inputs).toHaveLength(10)
    })

    test('that is no item of ours is an error, not an absence', async () => {
      const client = new ScriptedClient({ Responses: { table: [wireKey('a')] } })
      await expect(storeOver(client).getAll(keys)).rejects.toThrow('an item without pk, sk or body')
    })
  })

  describe('an error of DynamoDB', () => {
    const error = Object.assign(new Error('slow down'), { name: 'ProvisionedThroughputExceededException' })

    test.each<[string, (store: DynamoItemStore) => Promise<unknown>]>([
      ['a write', (store) => store.putAll(items)],
      ['a read', (store) => store.getAll(keys)],
      ['a write of an item that must be absent', (store) => store.putIfAbsent(items[0]!)],
      ['a flag', (store) => store.markFinal(keys[0]!)],
    ])('fails %s as it is, since the client has already tried again', async (_, call) => {
      const client = new ScriptedClient(error)
      await expect(call(storeOver(client))).rejects.toBe(error)
      expect(client.inputs).toHaveLength(1)
    })
  })
})
