/** Bytes of what was made of so many events: measured points, with straight lines between them. */
export type Sizes = readonly (readonly [events: number, bytes: number])[]

/** Beyond the last point as between the last two. */
export function bytesFor(sizes: Sizes, events: number): number {
  const above = sizes.findIndex(([most]) => most >= events)
  const place = above < 0 ? sizes.length - 1 : Math.max(1, above)
  const [fromEvents, fromBytes] = sizes[place - 1]!
  const [toEvents, toBytes] = sizes[place]!
  return fromBytes + ((events - fromEvents) / (toEvents - fromEvents)) * (toBytes - fromBytes)
}

/** Items come in JSON: so many bytes leave AWS for each. */
export const BASE64 = 4 / 3

const WRITE_UNIT_BYTES = 1024
const READ_UNIT_BYTES = 4096

/** By DynamoDB's rule, for one item. Larger ones are chunks of up to 290 kB: a unit more or less is left out. */
export const writeUnitsFor = (bytes: number): number => Math.ceil(bytes / WRITE_UNIT_BYTES)
export const readUnitsFor = (bytes: number): number => Math.ceil(bytes / READ_UNIT_BYTES)
