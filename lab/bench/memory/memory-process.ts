/**
 * Memory of the states of one pane: `memory-process.ts AGGREGATES KEYS FORM`, under `--expose-gc`. Sends the bytes a key
 * takes, the text of the key apart.
 */

import { Groups } from '../../../core/protocol/groups'
import { bidPipeline, type Form, MEASURED, type MeasuredName } from '../aggregates'

/** Events of a key: enough that a sketch has some content, and few enough that it is still a sparse one. */
export const EVENTS_A_KEY = 4

function main(name: MeasuredName, keys: number, form: Form): number {
  const pipeline = bidPipeline(MEASURED[name], form)
  const texts = Array.from({ length: keys }, (_, key) => `auction-${key}`)
  const before = usedBytes()
  const groups = new Groups(pipeline)
  for (let n = 0; n < EVENTS_A_KEY * keys; n++) {
    const event = { price: priceOf(n), bidder: n }
    groups.add(
      groups.rowOf(texts[n % keys]!),
      pipeline.columns.map(([, aggregate]) => aggregate.read(event)),
    )
  }
  const bytes = usedBytes() - before
  if (groups.size !== texts.length) throw new Error(`${groups.size} groups of ${texts.length} keys`)
  return bytes / keys
}

/** Cents from 0.01 to 1,000, in no order. */
const priceOf = (n: number) => (1 + ((n * 7_919) % 100_000)) / 100

/** On the heap and in the buffers of typed arrays, without garbage. */
function usedBytes(): number {
  for (let i = 0; i < 3; i++) globalThis.gc!()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

if (require.main === module) {
  const [name, keys, form] = process.argv.slice(2) as [MeasuredName, string, Form]
  process.send?.(main(name, Number(keys), form), () => process.exit(0))
}
