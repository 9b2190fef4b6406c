import { describe, expect, test } from '@jest/globals'
import { z } from 'zod'
import { count } from '../../../core/aggregates/count'
import { distinct } from '../../../core/aggregates/distinct'
import { max } from '../../../core/aggregates/extreme'
import { mean } from '../../../core/aggregates/mean'
import { quantile } from '../../../core/aggregates/quantile'
import { sum } from '../../../core/aggregates/sum'
import type { Duration } from '../../../core/pipeline/duration'
import {
  type Aggregates,
  type Pipeline,
  type PipelineOptions,
  pipeline,
  type Row,
} from '../../../core/pipeline/pipeline'
import { tumbling } from '../../../core/pipeline/window'

const OPTIONS = {
  name: 'p',
  key: 'k',
  timestamp: { field: 't', unit: 'ms' },
  window: tumbling('10s'),
  aggregates: { n: count() },
} as const
const defined = (options: Partial<PipelineOptions<unknown, unknown, Aggregates>>) =>
  pipeline({ ...OPTIONS, ...options })

describe('a definition that cannot work fails when it is loaded, and names what is wrong', () => {
  test.each(['', 'Bids', '-bids', 'my_bids', 'a/b', 'x'.repeat(64)])('the name %p', (name) => {
    expect(() => defined({ name })).toThrow(
      new TypeError(`pipeline name "${name}": use lower-case letters, digits and dashes, at most 63`),
    )
  })

  test('no aggregates', () => {
    expect(() => defined({ aggregates: {} })).toThrow(
      new TypeError('pipeline "p": aggregates is empty; name at least one'),
    )
  })

  test('an aggregate named as the key of a row', () => {
    expect(() => defined({ aggregates: { n: count(), key: count() } })).toThrow(
      new TypeError('pipeline "p": an aggregate cannot be named "key"'),
    )
  })

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('mapConcurrency of %p', (mapConcurrency) => {
    expect(() => defined({ mapConcurrency })).toThrow(
      new TypeError('pipeline "p": mapConcurrency must be a whole number of at least 1'),
    )
  })

  test.each([0, '0s', '16m'] as const)('a mapTimeout of %p', (mapTimeout) => {
    expect(() => defined({ mapTimeout })).toThrow(
      new TypeError('pipeline "p": mapTimeout must be above 0 and at most 900000 ms'),
    )
  })

  test.each(['allowedLateness', 'outOfOrderness', 'mapTimeout'])('an %s that is no duration', (option) => {
    for (const duration of [-1, Number.NaN, '2 s' as Duration]) {
      expect(() => defined({ [option]: duration })).toThrow(TypeError)
      expect(() => defined({ [option]: duration })).toThrow(`pipeline "p": ${option}: a duration is whole milliseconds`)
    }
  })
})

describe('a pipeline', () => {
  test.each(['a', '0', 'x'.repeat(63), 'llm-usage-2'])('may be named %p', (name) => {
    expect(defined({ name }).name).toBe(name)
  })

  test('has a default for each option that is left out', () => {
    const spec = defined({})
    expect(spec).toMatchObject({ allowedLatenessMs: 0, outOfOrdernessMs: 2_000, mapConcurrency: 64 })
    expect(spec.mapTimeoutMs).toBe(10_000)
    expect(spec.check('anything')).toEqual({ event: 'anything' })
    expect(spec).not.toHaveProperty('map')
  })

  test('keeps what was set, in ms', () => {
    const options = { allowedLateness: '5s', outOfOrderness: 250, mapConcurrency: 1, mapTimeout: '15m' } as const
    const kept = { allowedLatenessMs: 5_000, outOfOrdernessMs: 250, mapConcurrency: 1, mapTimeoutMs: 900_000 }
    expect(defined(options)).toMatchObject(kept)
  })

  test('has its aggregates as columns in one fixed order', () => {
    const aggregates = { total: sum('v'), n: count(), top: max('v') }
    expect(defined({ aggregates }).columns.map(([name, { signature }]) => [name, signature])).toEqual([
      ['total', 'sum("v")'],
      ['n', 'count()'],
      ['top', 'max("v")'],
    ])
  })
})

/** True only when both types are the same one. `tsc` judges; at run time nothing is left of it. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
type RowOf<P> = P extends Pipeline<infer _E, infer _M, infer A> ? Row<A> : never
type EventOf<P extends Pipeline> = Parameters<P['timestampOf']>[0]
type MappedOf<P extends Pipeline> = Parameters<P['keyOf']>[0]

const proven = (...proofs: true[]) => expect(proofs).not.toContain(false)

describe('types flow, so that a typing error is found before a run', () => {
  test('the row of a window is inferred from the aggregates', () => {
    const spec = pipeline({
      ...OPTIONS,
      aggregates: { n: count(), total: sum('v'), p99: quantile('v', 0.99), users: distinct('u'), avg: mean('v') },
    })
    type Found = RowOf<typeof spec>
    const names: Same<keyof Found, 'key' | 'n' | 'total' | 'p99' | 'users' | 'avg'> = true
    const results: Same<Found['n' | 'total' | 'p99' | 'users' | 'avg'], number> = true
    const key: Same<Found['key'], string> = true
    proven(names, results, key)
  })

  test('a result keeps the type that its aggregate presents', () => {
    const labelled = { ...count(), present: (n: number) => ({ label: `${n} events` }) }
    const spec = pipeline({ ...OPTIONS, aggregates: { labelled } })
    const result: Same<RowOf<typeof spec>['labelled'], { label: string }> = true
    proven(result)
  })

  test('the event is what the schema returns', () => {
    const event = z.object({ t: z.string().transform(Number), k: z.string() })
    const spec = pipeline({ ...OPTIONS, event })
    const inferred: Same<EventOf<typeof spec>, { t: number; k: string }> = true
    const unmapped: Same<MappedOf<typeof spec>, { t: number; k: string }> = true
    proven(inferred, unmapped)
  })

  test('the key function sees what map returns, sync or async', () => {
    const spec = pipeline({
      ...OPTIONS,
      timestamp: (event: { at: number }) => event.at,
      map: async (event: { at: number }) => ({ ...event, size: 'small' }),
      key: ({ size }) => size,
    })
    const event: Same<EventOf<typeof spec>, { at: number }> = true
    const mapped: Same<MappedOf<typeof spec>, { size: string; at: number }> = true
    proven(event, mapped)
  })
})
