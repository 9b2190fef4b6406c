import { createCipheriv } from 'node:crypto'
import { digestOf } from '../../cloud/packing'
import { count } from '../../core/aggregates/count'
import { distinct } from '../../core/aggregates/distinct'
import { sum } from '../../core/aggregates/sum'
import { type Aggregate, Refusal } from '../../core/pipeline/aggregate'
import { pipeline } from '../../core/pipeline/pipeline'
import { tumbling, type WindowSpec } from '../../core/pipeline/window'
import { digestInput, type Envelope } from '../../core/protocol/envelope'
import { encodeTally, type Partial, presentRows } from '../../core/protocol/partial'

/** An event of the sample pipelines: `text` is kept as it is, so that a state can be as large as a test wants it. */
export interface SampleEvent {
  readonly k: string
  readonly t: number
  readonly v?: number
  readonly text?: string
}

/** Texts in order, joined by commas: a state as large and as incompressible as what went in. */
function texts(): Aggregate<string, string[], string> {
  return {
    signature: 'texts()',
    read: (event) => {
      const { text = '' } = event as SampleEvent
      return typeof text === 'string' ? text : new Refusal('not_a_scalar', 'text is no text')
    },
    zero: () => [],
    add: (state, value) => [...state, value],
    merge: (into, from) => [...into, ...from],
    present: (state) => state.toSorted().join(),
    encode: (state) => state,
    decode: (json) => json as string[],
  }
}

/** Counts, sums and keeps the events of a key; `v` below 0 makes `map` fail. Its windows are 10 ms long unless told. */
export const samplePipeline = (window: WindowSpec = tumbling(10)) =>
  pipeline({
    name: 'sample',
    key: 'k',
    timestamp: { field: 't', unit: 'ms' },
    window,
    map: (event: SampleEvent) => {
      if (event.v !== undefined && event.v < 0) throw new Error('v is below 0')
      return { v: 0, ...event }
    },
    aggregates: { n: count(), total: sum('v'), kinds: distinct('v'), texts: texts() },
  })

export const FROM = { pipeline: 'sample', version: 'v1', incarnation: 'incarnation-1' }

/** The envelope of that number over the events, at an offset of its own. */
export function envelopeOf(number: number, events: readonly SampleEvent[], fixed: FixedParts = {}): Envelope {
  const lines = events.map((event) => JSON.stringify(event))
  const header = {
    ...FROM,
    number,
    firstOffset: number * 1_000,
    count: lines.length,
    horizonMs: Number.NEGATIVE_INFINITY,
    ...fixed,
  }
  return { ...header, digest: digestOf(digestInput(header, lines)), lines }
}

interface FixedParts {
  readonly pipeline?: string
  readonly version?: string
  readonly horizonMs?: number
}

/** What two partials must agree in: their tallies and what a user would see of them. */
export const viewOf = (spec: ReturnType<typeof samplePipeline>, partial: Partial) => ({
  folded: encodeTally(partial.folded),
  dead: encodeTally(partial.dead),
  rows: presentRows(spec, partial),
})

/** Text of that many characters that hardly compresses, always the same for the same seed. */
export function noise(length: number, seed: number): string {
  const key = Buffer.alloc(16)
  key.writeUInt32BE(seed)
  const cipher = createCipheriv('aes-128-ctr', key, Buffer.alloc(16))
  return cipher.update(Buffer.alloc(length)).toString('base64').slice(0, length)
}
