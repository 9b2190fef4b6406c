import { type Item, type ItemKey, type ItemStore, itemId } from '../../../cloud/item-store'
import { MemoryItemStore } from '../../../cloud/memory-item-store'
import { pack, unpack } from '../../../cloud/packing'
import type { SimProcess } from '../edge/process'
import type { Faults } from '../faults'
import { Random } from '../random'
import type { Rules } from '../rules'

/**
 * The tables, and what lies between them and those who call: delays, failures before and after the effect, reads that
 * come up short.
 */
export class CloudTables {
  readonly partials = new MemoryItemStore()
  readonly results = new MemoryItemStore()
  /** Nobody reaches anything. */
  away = false
  private readonly random: Random

  constructor(
    seed: number,
    readonly faults: Faults,
    readonly rules: Rules,
  ) {
    this.random = new Random(seed, 'tables')
  }

  /** A table as one process sees it. `onPut` hears of each item that came to stand. */
  seenBy(
    process: SimProcess,
    table: MemoryItemStore,
    onPut: (item: Item, isNew: boolean) => void = () => {},
  ): ItemStore {
    const ask = <T>(effect: () => T) => process.ask(this.delayMs(), effect, this.delayMs())
    return {
      meter: table.meter,
      putAll: async (items) => {
        const fails = this.failure()
        await Promise.all(items.map((item) => ask(() => this.put(table, item, fails, onPut))))
        if (fails !== null) throw new StoreFailed()
      },
      putIfAbsent: async (item) => {
        const fails = this.failure()
        const isNew = await ask(() => {
          if (fails === 'before') return false
          const absent = !table.items.has(itemId(item))
          void table.putIfAbsent(item)
          onPut(item, absent)
          return absent
        })
        if (fails === 'after' && this.random.chance(0.5)) return false // tried again inside, it met its own item
        if (fails !== null) throw new StoreFailed()
        return isNew
      },
      getAll: async (keys) => {
        const fails = this.failure()
        const stale = this.faults.strikes('store read is stale')
        const found = await ask(() => keys.map((key) => this.get(table, key, stale)))
        if (fails !== null) throw new StoreFailed()
        return found
      },
      markFinal: async (key) => {
        const fails = this.failure()
        await ask(() => (fails === 'before' ? undefined : void table.markFinal(key)))
        if (fails !== null) throw new StoreFailed()
      },
    }
  }

  private put(table: MemoryItemStore, given: Item, fails: Failure, onPut: (item: Item, isNew: boolean) => void): void {
    const item = table === this.results ? this.storedAs(given) : given
    // A batch that fails may have been written in part.
    if (fails === 'before' && this.random.chance(0.5)) return
    const standing = table.items.get(itemId(item))
    if (standing !== undefined) this.rules.overwrites(standing, item)
    void table.putAll([item])
    onPut(item, standing === undefined)
  }

  /** The chunk of a candidate as it comes to stand: at times with other rows than were merged. */
  private storedAs(item: Item): Item {
    if (!this.faults.strikes('candidate rows altered')) return item
    const rows = unpack(item.body) as { readonly key: string }[]
    return { ...item, body: pack(rows.map((row) => ({ ...row, key: `${row.key}?` }))) }
  }

  private get(table: MemoryItemStore, key: ItemKey, stale: boolean): Item | undefined {
    return stale && this.random.chance(0.5) ? undefined : table.items.get(itemId(key))
  }

  private failure(): Failure {
    if (this.away || this.faults.strikes('store fails before')) return 'before'
    return this.faults.strikes('store fails after') ? 'after' : null
  }

  private delayMs(): number {
    return this.random.between(1, 15)
  }
}

/** Whether a call fails without effect or after it took effect. */
type Failure = 'before' | 'after' | null

class StoreFailed extends Error {
  constructor() {
    super('the table did not answer')
  }
}
