import fc from 'fast-check'
import { count } from '../../../core/aggregates/count'
import { distinct } from '../../../core/aggregates/distinct'
import { max, min } from '../../../core/aggregates/extreme'
import { mean } from '../../../core/aggregates/mean'
import { quantile } from '../../../core/aggregates/quantile'
import { sum } from '../../../core/aggregates/sum'
import { type PipelineOptions, pipeline } from '../../../core/pipeline/pipeline'
import { tumbling } from '../../../core/pipeline/window'
import type { Envelope } from '../../../core/protocol/envelope'
import { type EnvelopePartial, foldEnvelope } from '../../../core/protocol/fold'
import { encodeGroups, encodeTally, type Partial as Folded } from '../../../core/protocol/partial'
import { readableNumber } from '../../support/readable-number'

export interface TestEvent {
  readonly k?: string
  readonly t: number
  readonly v: unknown
}

const AGGREGATES = {
  n: count(),
  total: sum('v'),
  average: mean('v'),
  low: min('v'),
  high: max('v'),
  p90: quantile('v', 0.9),
  values: distinct('v'),
}

type Options = PipelineOptions<TestEvent, TestEvent, typeof AGGREGATES>

/** A pipeline with every aggregate, in windows of 10 ms unless told otherwise. */
export const everyAggregate = (options: Partial<Options> = {}) =>
  pipeline<TestEvent, TestEvent, typeof AGGREGATES>({
    name: 'p',
    key: 'k',
    timestamp: { field: 't', unit: 'ms' },
    window: tumbling(10),
    aggregates: AGGREGATES,
    ...options,
  })

/** An envelope of these events, the first at offset 100 unless told otherwise. */
export function envelopeOf(events: readonly unknown[], header: Partial<Envelope> = {}): Envelope {
  return {
    pipeline: 'p',
    version: 'v1',
    incarnation: 'test',
    number: 0,
    firstOffset: 100,
    count: events.length,
    horizonMs: Number.NEGATIVE_INFINITY,
    digest: '',
    lines: events.map((event) => JSON.stringify(event)),
    ...header,
  }
}

const PIPELINE = everyAggregate()

/** A partial as plain values, equal for equal contents whatever the order in which they came. */
export const plain = (partial: Folded) => ({
  folded: encodeTally(partial.folded),
  dead: encodeTally(partial.dead),
  groups: Object.fromEntries(encodeGroups(PIPELINE, partial).map(([key, ...states]) => [key, JSON.stringify(states)])),
})

/** The same for what an envelope came to. */
export const plainEnvelope = ({ panes, deadLetters }: EnvelopePartial) => ({
  panes: Object.fromEntries([...panes].map(([pane, partial]) => [pane, plain(partial)])),
  deadLetters,
})

/** Folds events of one pane. */
export async function partialOf(events: readonly TestEvent[], firstOffset: number): Promise<Folded> {
  const { panes } = await foldEnvelope(PIPELINE, envelopeOf(events, { firstOffset }))
  if (panes.size !== 1) throw new Error(`the events lie in ${panes.size} panes`)
  return [...panes.values()][0]!
}

/** Events over three panes, some of which cannot be folded. */
export const someEvents = (maxLength = 12): fc.Arbitrary<TestEvent[]> =>
  fc.array(
    fc.record(
      {
        k: fc.constantFrom('a', 'b', '', 'ü', '__proto__'),
        t: fc.nat(29),
        v: fc.oneof({ weight: 9, arbitrary: readableNumber }, { weight: 1, arbitrary: fc.constantFrom(null, 'x') }),
      },
      { requiredKeys: ['t', 'v'] },
    ),
    { maxLength },
  )

/** Events of one pane, at least one. */
export const someOfOnePane: fc.Arbitrary<TestEvent[]> = someEvents()
  .filter((events) => events.length > 0)
  .map((events) => events.map((event) => ({ ...event, t: event.t % 10 })))
