/**
 * The lane, 0 to `lanes` - 1, of all records with this partition key: FNV-1a over the key. It must not be the MD5 that
 * chose the shard, of which the keys of one shard share the leading bits.
 */
export function laneOfKey(partitionKey: string, lanes: number): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < partitionKey.length; index += 1) {
    hash = Math.imul(hash ^ partitionKey.charCodeAt(index), 0x01000193)
  }
  return (hash >>> 0) % lanes
}
