import { serialize } from 'node:v8'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { count } from '../../../core/aggregates/count'
import { distinct } from '../../../core/aggregates/distinct'
import type { Expansion } from '../../../core/aggregates/exact-sum'
import { max, min } from '../../../core/aggregates/extreme'
import { type MeanState, mean } from '../../../core/aggregates/mean'
import { quantile } from '../../../core/aggregates/quantile'
import { sum } from '../../../core/aggregates/sum'
import {
  type Aggregate,
  type FieldAggregate,
  isUnsafeInteger,
  type Json,
  Refusal,
} from '../../../core/pipeline/aggregate'
import { readableNumber } from '../../support/readable-number'

type Event = { v: string | number | boolean }

const numbers = fc.array(
  readableNumber.map((v) => ({ v })),
  { maxLength: 40 },
)

/** Runs of users, so that some states have more registers than the sparse form of `distinct` takes. */
const users = fc
  .array(fc.tuple(fc.nat(1_000), fc.constantFrom(1, 2, 20, 300)), { maxLength: 4 })
  .map((runs) => runs.flatMap(([first, length]) => Array.from({ length }, (_, i) => ({ v: `user-${first + i}` }))))
const scalars = fc.array(
  fc
    .oneof(
      fc.string(),
      fc.boolean(),
      readableNumber.filter((v) => !isUnsafeInteger(v)),
    )
    .map((v) => ({ v })),
  { maxLength: 20 },
)

const laws = {
  'the empty state is the unit of merge': <S, R>(a: Counted<S, R>, x: Event[]) => {
    const alone = a.fold(x)
    return a.same(a.merge(a.zero(), a.fold(x)), alone) && a.same(a.merge(a.fold(x), a.zero()), alone)
  },
  'merge is commutative': <S, R>(a: Counted<S, R>, x: Event[], y: Event[]) =>
    a.same(a.merge(a.fold(x), a.fold(y)), a.merge(a.fold(y), a.fold(x))),
  'merge is associative': <S, R>(a: Counted<S, R>, x: Event[], y: Event[], z: Event[]) =>
    a.same(a.merge(a.merge(a.fold(x), a.fold(y)), a.fold(z)), a.merge(a.fold(x), a.merge(a.fold(y), a.fold(z)))),
  'any order and any partition gives the same result': <S, R>(
    a: Counted<S, R>,
    x: Event[],
    y: Event[],
    z: Event[],
    seed: number,
  ) => {
    const events = [...x, ...y, ...z]
    const parts = Array.from({ length: 4 }, () => a.zero())
    for (const [place, event] of shuffle(events, seed).entries()) {
      const part = (Math.imul(place + seed, 0x9e3779b1) >>> 16) % parts.length
      parts[part] = a.addEvent(parts[part]!, event)
    }
    return a.same(parts.reduceRight(a.merge), a.fold(events))
  },
  'adding an event is merging the state of that event alone': <S, R>(a: Counted<S, R>, x: Event[]) =>
    a.same(
      x.reduce((state, event) => a.merge(state, a.fold([event])), a.zero()),
      a.fold(x),
    ),
  'merge neither changes `from` nor keeps hold of it': <S, R>(a: Counted<S, R>, x: Event[], y: Event[], z: Event[]) => {
    const from = a.fold(y)
    const before = serialize(from)
    const merged = a.merge(a.fold(x), from)
    z.reduce(a.addEvent, a.merge(merged, a.fold(z)))
    return before.equals(serialize(from))
  },
  'presenting and encoding change nothing': <S, R>(a: Counted<S, R>, x: Event[]) => {
    const state = a.fold(x)
    const before = serialize(state)
    a.present(state)
    a.encode(state)
    return before.equals(serialize(state))
  },
  'a state that went through JSON text goes on exactly as before': <S, R>(a: Counted<S, R>, x: Event[], y: Event[]) => {
    const copy = () => a.decode(JSON.parse(JSON.stringify(a.encode(a.fold(x)))))
    const added = a.same(y.reduce(a.addEvent, copy()), y.reduce(a.addEvent, a.fold(x)))
    const merged = a.same(a.merge(copy(), a.fold(y)), a.merge(a.fold(y), copy()))
    return a.same(copy(), a.fold(x)) && added && merged
  },
  'equal multisets of events have equal encodings': <S, R>(
    a: Counted<S, R>,
    x: Event[],
    y: Event[],
    z: Event[],
    seed: number,
  ) => {
    const other = a.merge(a.fold(shuffle([...z, ...x], seed)), a.fold(y))
    return JSON.stringify(a.encode(other)) === JSON.stringify(a.encode(a.fold([...x, ...y, ...z])))
  },
}

/** An aggregate with what the laws need on top of it. */
type Counted<S, R> = {
  zero(): S
  addEvent(state: S, event: Event): S
  fold(events: Event[]): S
  merge(into: S, from: S): S
  present(state: S): R
  encode(state: S): Json
  decode(json: Json): S
  same(x: S, y: S): boolean
}

function counted<V, S, R>(aggregate: Aggregate<V, S, R>): Counted<S, R> {
  const addEvent = (state: S, event: Event) => {
    const value = aggregate.read(event)
    if (value instanceof Refusal) throw new Error(value.reason)
    return aggregate.add(state, value)
  }
  return {
    ...aggregate,
    addEvent,
    fold: (events) => events.reduce(addEvent, aggregate.zero()),
    // Object.is, so that to the bit: 0 is not -0, and NaN is itself.
    same: (x, y) => Object.is(aggregate.present(x), aggregate.present(y)),
  }
}

function shuffle(events: Event[], seed: number): Event[] {
  return events
    .map((event, i) => ({ event, rank: Math.imul(i + 1, (seed | 1) ^ 0x85ebca6b) ^ seed }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ event }) => event)
}

function lawProperty<V, S, R>(aggregate: Aggregate<V, S, R>, law: keyof typeof laws, events: fc.Arbitrary<Event[]>) {
  const holds: (a: Counted<S, R>, x: Event[], y: Event[], z: Event[], seed: number) => boolean = laws[law]
  return fc.property(events, events, events, fc.integer(), (x, y, z, seed) => holds(counted(aggregate), x, y, z, seed))
}

function describeLaws<V, S, R>(aggregate: Aggregate<V, S, R>, events: fc.Arbitrary<Event[]>, numRuns = 100): void {
  describe(aggregate.signature, () => {
    test.each(Object.keys(laws) as (keyof typeof laws)[])('%s', (law) => {
      fc.assert(lawProperty(aggregate, law, events), { numRuns })
    })
  })
}

describeLaws(count(), numbers)
describeLaws(sum('v'), numbers)
describeLaws(mean('v'), numbers)
describeLaws(min('v'), numbers)
describeLaws(max('v'), numbers)
describeLaws(quantile('v', 0), numbers)
describeLaws(quantile('v', 0.5), numbers)
describeLaws(quantile('v', 0.99), numbers)
describeLaws(distinct('v'), scalars)
describeLaws(distinct('v'), users, 40)

describe('the laws can fail', () => {
  const naiveSum: Aggregate<number, number, number> = {
    ...sum('v'),
    zero: () => 0,
    add: (state, value) => state + value,
    merge: (into, from) => into + from,
    present: (state) => state,
    encode: (state) => state,
    decode: (json) => Number(json),
  }
  const greedyCount: Aggregate<null, { n: number }, number> = {
    ...count(),
    zero: () => ({ n: 0 }),
    add: (state) => ({ n: state.n + 1 }),
    merge: (into, from) => {
      from.n += into.n
      return from
    },
    present: (state) => state.n,
    encode: (state) => state.n,
    decode: (json) => ({ n: Number(json) }),
  }
  const fails = <V, S, R>(aggregate: Aggregate<V, S, R>, law: keyof typeof laws) =>
    fc.check(lawProperty(aggregate, law, numbers), { seed: 1 }).failed

  test('a sum of plain doubles depends on order and partition', () => {
    expect(fails(naiveSum, 'any order and any partition gives the same result')).toBe(true)
    expect(fails(naiveSum, 'merge is associative')).toBe(true)
    expect(fails(naiveSum, 'merge is commutative')).toBe(false)
  })

  test('a merge that changes `from` is found', () => {
    expect(fails(greedyCount, 'merge neither changes `from` nor keeps hold of it')).toBe(true)
  })
})

describe('reading a value', () => {
  const refusal = (aggregate: Aggregate<unknown, unknown, unknown>, event: unknown) => {
    const value = aggregate.read(event)
    return value instanceof Refusal ? [value.code, value.reason] : value
  }

  test.each([sum('v'), mean('v'), min('v'), max('v'), quantile('v', 0.5)])(
    '$signature takes finite numbers only',
    (a) => {
      expect(a.read({ v: 1.5 })).toBe(1.5)
      expect(a.read({ v: -0 })).toBe(0)
      expect(a.read({ v: 2 ** 970 })).toBe(2 ** 970)
      for (const v of ['1', true, null, [1], { n: 1 }, Number.NaN, Number.POSITIVE_INFINITY, 1n, undefined]) {
        expect(refusal(a, { v })).toEqual(['not_a_number', expect.stringContaining('field "v" is')])
      }
      for (const event of [{}, null, 7, 'v', undefined, []]) {
        expect(refusal(a, event)).toEqual(['not_a_number', 'field "v" is missing'])
      }
      expect(refusal(a, { v: -(2 ** 970 + 2 ** 918) })).toEqual([
        'out_of_range',
        expect.stringMatching(/beyond ±2\^970/),
      ])
    },
  )

  test('distinct takes strings, finite numbers and booleans', () => {
    const read = (v: unknown) => refusal(distinct('v'), { v })
    expect(new Set(['1', 1, true, 'true', '', 'n1'].map(read)).size).toBe(6)
    expect(read(-0)).toBe(read(0))
    expect(read('\ud800')).toBe(read('\ufffd'))
    expect(read(1e300)).toEqual(['unsafe_integer', expect.stringContaining('field "v" is')])
    for (const v of [null, [], {}, Number.NaN, Number.NEGATIVE_INFINITY, undefined]) {
      expect(read(v)).toEqual(['not_a_scalar', expect.stringContaining('field "v" is')])
    }
  })

  test('count takes any event', () => {
    expect([{}, null, 'text'].map(count().read)).toEqual([null, null, null])
  })

  test('only own properties are fields', () => {
    expect(refusal(distinct('constructor'), {})).toEqual(['not_a_scalar', 'field "constructor" is missing'])
    expect(refusal(sum('v'), Object.create({ v: 1 }))).toEqual(['not_a_number', 'field "v" is missing'])
    expect(sum('__proto__').read(JSON.parse('{"__proto__":3}'))).toBe(3)
    expect(refusal(sum('__proto__'), {})).toEqual(['not_a_number', 'field "__proto__" is missing'])
  })

  test('a reason shows at most 60 characters of the value', () => {
    expect(refusal(sum('v'), { v: 'abc' })).toEqual(['not_a_number', 'field "v" is not a finite number: "abc"'])
    const [, reason] = refusal(sum('v'), { v: '\u0000\n"'.repeat(1e5) }) as [string, string]
    expect(reason.replace('field "v" is not a finite number: ', '').length).toBeLessThanOrEqual(60)
  })
})

describe('definitions', () => {
  test('a signature names function and arguments', () => {
    const signatures = [count(), sum('price'), mean('a"b'), min('x'), max('x'), quantile('p', 0.99), distinct('u')]
    expect(signatures.map((aggregate) => aggregate.signature)).toEqual([
      'count()',
      'sum("price")',
      'mean("a\\"b")',
      'min("x")',
      'max("x")',
      'quantile("p",0.99)',
      'distinct("u")',
    ])
  })

  test('an empty field is refused', () => {
    for (const define of [sum, mean, min, max, distinct, (field: string) => quantile(field, 0.5)]) {
      expect(() => define('')).toThrow(RangeError)
    }
  })

  test.each([-0.001, 1.001, Number.NaN, Number.POSITIVE_INFINITY])('a quantile of %d is refused', (q) => {
    expect(() => quantile('v', q)).toThrow(RangeError)
  })

  test('types are precise', () => {
    type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
    const same: [
      Same<ReturnType<typeof sum<'v'>>, FieldAggregate<'v', number, number, Expansion, number>>,
      Same<ReturnType<typeof mean<'v'>>, FieldAggregate<'v', number, number, MeanState, number>>,
      Same<ReturnType<typeof count>, Aggregate<null, number, number>>,
    ] = [true, true, true]
    expect(same).toEqual([true, true, true])
  })
})

describe('a state that no aggregate encodes is refused', () => {
  const spoiled: [Aggregate<unknown, unknown, unknown>, Json[]][] = [
    [count(), [null, -1, 0.5, '1', 2 ** 53, [1]]],
    [
      sum('v'),
      [
        null,
        1,
        '[]',
        [0],
        ['1'],
        [null],
        [1, 1],
        [2, 1],
        [1, 1.5],
        [-0.5, 2 ** 53 - 1],
        [1, 2 ** 53, 1],
        [1e308, 1.7e308],
        {},
      ],
    ],
    [mean('v'), [null, [], [-1, 2], [0, 1], ['1'], [2, 1, 1], [2, 0]]],
    [min('v'), ['1', [], 1e300, true]],
    [max('v'), ['1', [], -1e300, true]],
    [
      quantile('v', 0.5),
      [null, [1], [1, 0], [1, -1], [1, 0.5], [0.5, 1], [5, 1, 0, 1], [5, 1, -1, 1], [1e6, 1], [1, '1']],
    ],
    [
      distinct('v'),
      [
        null,
        [],
        '!',
        'AA',
        'AAA',
        'AA1AA2',
        'AB1AA1',
        'AA2',
        'AA_',
        '1'.repeat(4095),
        'A'.repeat(4096),
        '_'.repeat(4096),
      ],
    ],
  ]

  test.each(spoiled.map(([aggregate, states]) => ({ aggregate, states })))(
    '$aggregate.signature',
    ({ aggregate, states }) => {
      const decoded = states.filter((state) => {
        try {
          aggregate.decode(state)
          return true
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError)
          expect((error as RangeError).message).toContain(aggregate.signature)
          return false
        }
      })
      expect(decoded).toEqual([])
    },
  )
})
