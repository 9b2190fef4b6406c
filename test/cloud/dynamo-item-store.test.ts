import { afterAll, beforeAll, describe } from '@jest/globals'
import { DynamoItemStore } from '../../cloud/dynamo-item-store'
import { itemStoreContract } from './item-store.contract'
import { type LocalTables, startLocalTables } from './local-tables'

describe('in DynamoDB', () => {
  let tables: LocalTables
  beforeAll(async () => {
    tables = await startLocalTables()
  })
  afterAll(() => tables.stop())

  const open = async () => new DynamoItemStore(tables.client, await tables.newTable())
  itemStoreContract(open)
})
