import { describe, expect, test } from '@jest/globals'
import { type Aggregate, count, distinct, type Json, max, mean, min, quantile, Refusal, sum } from 'spillway'
import { checkAggregate, PipelineTestError } from 'spillway/testing'

const generate = (random: () => number) => ({ v: Math.round(random() * 1e6) / 1e3 - 200 })

/** Counts the events of each kind: an own aggregate as a user writes one. */
const kinds: Aggregate<string, Map<string, number>, Record<string, number>> = {
  signature: 'kinds("kind")',
  read: (event) => {
    const kind = (event as { kind?: unknown }).kind
    return typeof kind === 'string' ? kind : new Refusal('not_a_scalar', 'kind is no text')
  },
  zero: () => new Map(),
  add: (state, kind) => state.set(kind, (state.get(kind) ?? 0) + 1),
  merge: (into, from) => {
    for (const [kind, n] of from) into.set(kind, (into.get(kind) ?? 0) + n)
    return into
  },
  present: (state) => Object.fromEntries([...state].sort(([a], [b]) => (a < b ? -1 : 1))),
  encode: (state) => [...state],
  decode: (json) => new Map(json as [string, number][]),
}
const inputs = ['x', 'y', 'z'].map((kind) => ({ kind }))

function thrownBy(act: () => void): unknown {
  try {
    act()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

describe('checkAggregate', () => {
  test.each([count(), sum('v'), mean('v'), min('v'), max('v'), quantile('v', 0.9), distinct('v')])(
    'passes $signature',
    (aggregate) => checkAggregate<unknown, unknown, unknown>(aggregate, { generate }),
  )

  test('passes an own aggregate that keeps the laws', () => checkAggregate(kinds, { inputs }))

  const shared = new Map<string, number>()
  type Kinds = typeof kinds
  const broken: Readonly<Record<string, readonly [law: string, change: Partial<Kinds>]>> = {
    'a text without its arguments': ['signature', { signature: '' }],
    'an unsorted result': ['merge is commutative', { present: (state) => Object.fromEntries(state) }],
    'a merge that forgets what was there': [
      'merging an empty state in changes nothing',
      { merge: (_, from) => new Map(from) },
    ],
    'a merge that hands on the state of the other': [
      'merge shares no state',
      { merge: (into, from) => (into.size === 0 ? from : kinds.merge(into, from)) },
    ],
    'a merge that empties the other': [
      'merge does not change the state that it takes from',
      {
        merge: (into, from) => {
          const merged = kinds.merge(into, from)
          from.clear()
          return merged
        },
      },
    ],
    'an encoding that loses counts': [
      'decode gives the state back',
      { encode: (state) => [...state.keys()].map((kind) => [kind, 1]) },
    ],
    'a decoding that fails': [
      'decode gives the state back. [["x"],[],[]] come to an error: cannot read it',
      {
        decode: (json) => {
          if ((json as []).length > 0) throw new RangeError('cannot read it')
          return new Map()
        },
      },
    ],
    'one empty state for all': ['each empty state is its own', { zero: () => shared }],
    'a read that is another each time': [
      'read is deterministic',
      {
        read: (
          (n) => () =>
            `${n++}`
        )(0),
      },
    ],
    'a present that changes the state': [
      'present does not change the state',
      {
        present: (state) => {
          const shown = kinds.present(state)
          state.set('seen', 1)
          return shown
        },
      },
    ],
  }

  test.each(Object.entries(broken))('finds %s', (_, [law, change]) => {
    const error = thrownBy(() => checkAggregate({ ...kinds, ...change }, { inputs }))
    expect(error).toBeInstanceOf(PipelineTestError)
    expect(error).toMatchObject({ code: 'law_broken', message: expect.stringContaining(law) })
  })

  test('shows the smallest example', () => {
    const average: Aggregate<number, number, number> = {
      signature: 'average("v")',
      read: (event) => (event as { v: number }).v,
      zero: () => 0,
      add: (state, value) => (state === 0 ? value : (state + value) / 2),
      merge: (into, from) => (into === 0 ? from : from === 0 ? into : (into + from) / 2),
      present: (state) => state,
      encode: (state) => state as Json,
      decode: (json) => json as number,
    }
    const check = () => checkAggregate(average, { inputs: [{ v: 1 }, { v: 3 }, { v: 7 }] })
    expect(check).toThrow('the aggregate breaks a law: merge is associative. [[3],[3],[1]] come to 2 and 2.5')
  })

  test('refuses to say anything about an aggregate that can read none of the events', () => {
    expect(() => checkAggregate(kinds, { inputs: [{}] })).toThrow('that the aggregate can read')
  })

  test('finds a result that is no JSON', () => {
    const never = { ...kinds, present: () => Number.NaN }
    expect(() => checkAggregate<string, Map<string, number>, unknown>(never, { inputs })).toThrow('no JSON value')
  })
})
