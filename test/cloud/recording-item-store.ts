import type { Item, ItemKey, ItemStore } from '../../cloud/item-store'

/**
 * An item store that notes what it is asked for, and that a test can make fail or lose things on the way to the real
 * one.
 */
export class RecordingItemStore implements ItemStore {
  readonly written: Item[] = []
  readonly read: ItemKey[] = []
  /** Called before each write; throwing fails it, false loses the item although the write seems to succeed. */
  onWrite: (item: Item) => boolean = () => true

  constructor(private readonly store: ItemStore) {}

  get meter() {
    return this.store.meter
  }

  async putAll(items: readonly Item[]): Promise<void> {
    await this.store.putAll(items.filter((item) => this.passes(item)))
  }

  async putIfAbsent(item: Item): Promise<boolean> {
    return this.passes(item) ? this.store.putIfAbsent(item) : true
  }

  async getAll(keys: readonly ItemKey[]): Promise<(Item | undefined)[]> {
    this.read.push(...keys)
    return this.store.getAll(keys)
  }

  markFinal(key: ItemKey): Promise<void> {
    return this.store.markFinal(key)
  }

  private passes(item: Item): boolean {
    if (!this.onWrite(item)) return false
    this.written.push(item)
    return true
  }
}
