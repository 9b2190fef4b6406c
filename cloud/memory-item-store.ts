import type { CapacityMeter, Item, ItemKey, ItemStore } from './item-store'

/** A table in memory, with the semantics of the DynamoDB one: for tests and simulations. */
export class MemoryItemStore implements ItemStore {
  readonly meter: CapacityMeter = { readUnits: 0, writeUnits: 0 }
  readonly items = new Map<string, Item>()
  readonly final = new Set<string>()

  async putAll(items: readonly Item[]): Promise<void> {
    for (const item of items) this.items.set(id(item), item)
    this.meter.writeUnits += items.length
  }

  async putIfAbsent(item: Item): Promise<boolean> {
    this.meter.writeUnits += 1
    if (this.items.has(id(item))) return false
    this.items.set(id(item), item)
    return true
  }

  async getAll(keys: readonly ItemKey[]): Promise<(Item | undefined)[]> {
    this.meter.readUnits += keys.length
    return keys.map((key) => this.items.get(id(key)))
  }

  async markFinal(key: ItemKey): Promise<void> {
    if (this.items.has(id(key))) this.final.add(id(key))
  }
}

const id = ({ pk, sk }: ItemKey) => `${pk} ${sk}`
