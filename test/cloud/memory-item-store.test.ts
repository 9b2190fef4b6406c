import { describe } from '@jest/globals'
import { MemoryItemStore } from '../../cloud/memory-item-store'
import { itemStoreContract } from './item-store.contract'

describe('in memory', () => {
  const open = async () => new MemoryItemStore()
  itemStoreContract(open)
})
