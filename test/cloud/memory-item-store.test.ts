import { describe, expect, test } from '@jest/globals'
import { itemId } from '../../cloud/item-store'
import { MemoryItemStore } from '../../cloud/memory-item-store'
import { edgePartialsContract } from './edge-partial.contract'
import { itemStoreContract } from './item-store.contract'
import { envelopePartialsContract } from './partial-store.contract'
import { resultStoreContract } from './result-store.contract'

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
