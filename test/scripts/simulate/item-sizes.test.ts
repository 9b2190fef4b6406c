import { describe, expect, test } from '@jest/globals'
import { bytesOf } from '../../../cloud/item-store'
import { MemoryItemStore } from '../../../cloud/memory-item-store'
import { PartialStore } from '../../../cloud/partial-store'
import { ResultStore } from '../../../cloud/result-store'
import type { Pipeline } from '../../../core/pipeline/pipeline'
import type { Envelope } from '../../../core/protocol/envelope'
import { foldEnvelope } from '../../../core/protocol/fold'
import { WindowMerge } from '../../../core/protocol/merge'
import bids from '../../../pipelines/bids'
import { bidLines } from '../../../scripts/load/events/bids'
import { bytesFor, readUnitsFor, writeUnitsFor } from '../../../scripts/simulate/model/item-sizes'
import { ASSUMPTIONS } from '../../../scripts/simulate/settings'
import { RecordingItemStore } from '../../cloud/recording-item-store'

const AT_MS = 1_800_000_000_000 // a window begins
const FROM = { pipeline: 'bids', version: '0123456789ab', incarnation: '0123456789abcdef' }
const RATE = 1.0837
const HEX = '0123456789abcdef0123456789abcdef'
/** Without the pricing service, which takes time; its rates give prices more digits. */
const PIPELINE = {
  ...bids,
  map: async (bid: { price: number }) => ({ ...bid, price: bid.price * RATE }),
} as unknown as Pipeline

async function foldOf(events: number) {
  const line = bidLines(1, { keys: 1_000, zipf: 1, poison: 0 })
  const lines = Array.from({ length: events }, (_, n) => line(n, AT_MS + 1))
  const header = { number: 1, firstOffset: 0, count: events, horizonMs: 0, digest: HEX }
  return foldEnvelope(PIPELINE, { ...FROM, ...header, lines } as Envelope)
}

function stores() {
  const items = new RecordingItemStore(new MemoryItemStore())
  const bytes = () => items.written.reduce((sum, item) => sum + bytesOf(item), 0)
  return { bytes, partials: new PartialStore(items, () => 1), results: new ResultStore(items, () => 1) }
}

const off = (one: number, other: number) => Math.abs(one / other - 1)

describe('what the model takes as the size of', () => {
  test.each([32, 128, 240, 400, 1_000])('a head with the partial of %i bids is what is written', async (events) => {
    const { bytes, partials } = stores()
    const work = (writeUnits: number) => ({ requestId: HEX, ms: 99, waitMs: 99, memoryMb: 1_024, writeUnits })
    const envelope = { number: 1, digest: HEX }
    await partials.putEnvelope(PIPELINE, FROM, envelope, HEX, await foldOf(events), work)
    expect(off(bytesFor(ASSUMPTIONS.partialBytes, events), bytes())).toBeLessThan(0.15)
  })

  test.each([2_000, 20_000, 50_000])('what the edge has of a window of %i bids is what is written', async (events) => {
    const [pane] = [...(await foldOf(events)).panes.values()]
    const merge = new WindowMerge(PIPELINE)
    const edge = stores()
    await edge.partials.putPart(PIPELINE, FROM, AT_MS + 10_000, HEX, pane!)
    expect(off(bytesFor(ASSUMPTIONS.partialBytes, events), edge.bytes())).toBeLessThan(0.15)
    merge.add('edge', pane!)
    const rows = stores()
    const counts = { accepted: [events, '1'], edge: [events, '1'], burst: [0, '0'], deadLettered: [0, '0'] } as never
    const window = { startMs: AT_MS, endMs: AT_MS + 10_000, ...(counts as object), rows: merge.rows() } as never
    await rows.results.putCandidate(FROM, HEX, HEX, window)
    expect(off(bytesFor(ASSUMPTIONS.rowsBytes, events), rows.bytes())).toBeLessThan(0.25)
  })
})

test('units are those of an item that is begun', () => {
  expect([1, 1_024, 1_025].map(writeUnitsFor)).toEqual([1, 1, 2])
  expect([1, 4_096, 4_097].map(readUnitsFor)).toEqual([1, 1, 2])
})

test('between two points a size lies on the line between them, and beyond the last on that of the last two', () => {
  const sizes = [
    [0, 100],
    [10, 200],
    [20, 250],
  ] as const
  expect([0, 5, 10, 15, 30].map((events) => bytesFor(sizes, events))).toEqual([100, 150, 200, 225, 300])
})
