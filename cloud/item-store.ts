/** One item of a table: a key, an opaque body, and the second of its expiry. */
export interface Item {
  readonly pk: string
  readonly sk: string
  readonly body: Uint8Array
  readonly expiresAtS: number
}

export interface ItemKey {
  readonly pk: string
  readonly sk: string
}

/** One text per key: no two keys share it, whatever their parts contain. */
export const itemId = ({ pk, sk }: ItemKey): string => JSON.stringify([pk, sk])

const OTHER_BYTES = 24 // of an item's size: the names of its attributes (18) and the second of its expiry (6)
/** The size of an item by DynamoDB's rule. */
export const bytesOf = ({ pk, sk, body }: Item) =>
  OTHER_BYTES + Buffer.byteLength(pk) + Buffer.byteLength(sk) + body.length

/** What writing an item costs by DynamoDB's rule: a unit for each KB begun. */
export const writeUnitsOf = (item: Item): number => Math.ceil(bytesOf(item) / 1024)
/** What reading an item consistently costs: a unit for each 4 KB begun, and one to find that there is none. */
export const readUnitsOf = (item: Item | undefined): number =>
  item === undefined ? 1 : Math.ceil(bytesOf(item) / 4096)

/** What calls have used, as the service reports it: the ground of every cost figure. */
export interface CapacityMeter {
  readUnits: number
  /** Sizes of the items that were read. */
  readBytes: number
  writeUnits: number
}

/**
 * The few table operations that the protocol needs. Reads are strongly consistent. Calls retry what the service calls
 * temporary (throttling, unprocessed keys) and reject with its error when that lasts; repeating any of them is safe.
 */
export interface ItemStore {
  readonly meter: CapacityMeter
  /** Writes items whose keys are written once only, in any order and number. */
  putAll(items: readonly Item[]): Promise<void>
  /** Writes the item if its key is free. False: another item stands there and stays. */
  putIfAbsent(item: Item): Promise<boolean>
  /** The items in the order of their keys; undefined where there is none. */
  getAll(keys: readonly ItemKey[]): Promise<(Item | undefined)[]>
  /** Marks an existing item as final, for readers in the cloud. Does nothing when the item is gone. */
  markFinal(key: ItemKey): Promise<void>
}
