import {
  bytesOf,
  type CapacityMeter,
  type Item,
  type ItemKey,
  type ItemStore,
  itemId,
  readUnitsOf,
  writeUnitsOf,
} from './item-store'

/** A table in memory, with the semantics of the DynamoDB one: for tests and simulations. */
export class MemoryItemStore implements ItemStore {
  readonly meter: CapacityMeter = { readUnits: 0, readBytes: 0, writeUnits: 0 }
  readonly items = new Map<string, Item>()
  readonly final = new Set<string>()

  async putAll(items: readonly Item[]): Promise<void> {
    for (const item of items) {
      this.items.set(itemId(item), item)
      this.meter.writeUnits += writeUnitsOf(item)
    }
  }

  async putIfAbsent(item: Item): Promise<boolean> {
    this.meter.writeUnits += writeUnitsOf(item)
    if (this.items.has(itemId(item))) return false
    this.items.set(itemId(item), item)
    return true
  }

  async getAll(keys: readonly ItemKey[]): Promise<(Item | undefined)[]> {
    const found = keys.map((key) => this.items.get(itemId(key)))
    for (const item of found) {
      this.meter.readUnits += readUnitsOf(item)
      this.meter.readBytes += item === undefined ? 0 : bytesOf(item)
    }
    return found
  }

  async markFinal(key: ItemKey): Promise<void> {
    if (this.items.has(itemId(key))) this.final.add(itemId(key))
  }
}
