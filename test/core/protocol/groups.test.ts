import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { count } from '../../../core/aggregates/count'
import { distinct } from '../../../core/aggregates/distinct'
import { max, min } from '../../../core/aggregates/extreme'
import { mean } from '../../../core/aggregates/mean'
import { quantile } from '../../../core/aggregates/quantile'
import { sum } from '../../../core/aggregates/sum'
import { type Json, Refusal } from '../../../core/pipeline/aggregate'
import { type Aggregates, pipeline } from '../../../core/pipeline/pipeline'
import { tumbling } from '../../../core/pipeline/window'
import { Groups } from '../../../core/protocol/groups'
import { exactUnits, nearestDouble } from '../../support/exact-units'
import { readableNumber } from '../../support/readable-number'

const AGGREGATES = {
  n: count(),
  total: sum('v'),
  average: mean('v'),
  low: min('v'),
  high: max('v'),
  p90: quantile('v', 0.9),
  median: quantile('v', 0.5),
  values: distinct('text'),
}

/** Copies have no second form: their states are objects. */
const asObjects = Object.fromEntries(
  Object.entries(AGGREGATES as Aggregates).map(([name, aggregate]) => [name, { ...aggregate }]),
)

const specOf = (aggregates: Aggregates) =>
  pipeline({ name: 'p', key: 'k', timestamp: 't', window: tumbling('1s'), aggregates })
const [IN_CELLS, IN_OBJECTS] = [specOf(AGGREGATES), specOf(asObjects)]
type Spec = typeof IN_CELLS

const TOTAL = IN_CELLS.columns.findIndex(([name]) => name === 'total')

/** Prices in cents; anything; values that cancel; values so far apart that a sum of them needs many components. */
const money = fc.integer({ min: -1_000_000, max: 100_000_000 }).map((cents) => cents / 100)
const farApart = fc
  .tuple(fc.integer({ min: -1074, max: 960 }), fc.boolean())
  .map(([e, minus]) => 2 ** e * (minus ? -1 : 1))
const tiny = fc.nat(1_000).map((units) => units * Number.MIN_VALUE)
const cancelling = fc
  .array(fc.oneof(readableNumber, farApart), { maxLength: 12 })
  .map((values) => [...values, 1, ...values.map((value) => -value)])
const numbers = fc.oneof(
  fc.array(money, { maxLength: 60 }),
  fc.array(readableNumber, { maxLength: 40 }),
  fc.array(fc.oneof(money, farApart, tiny), { maxLength: 40 }),
  cancelling,
)
const members = fc.array(fc.nat(2_000), { maxLength: 700 })

function add(spec: Spec, groups: Groups, key: string, v: unknown): void {
  const values = spec.columns.map(([, aggregate]) => aggregate.read({ v, text: String(v) }))
  if (values.some((value) => value instanceof Refusal)) throw new Error(`${v} is refused`)
  groups.add(groups.rowOf(key), values)
}

/** What happens to a group: events, each at one of three places, whose states are then joined in this order. */
interface Course {
  readonly values: readonly number[]
  readonly places: readonly number[]
  readonly order: readonly number[]
  readonly viaText: boolean
}

const courseOf = (values: fc.Arbitrary<number[]>): fc.Arbitrary<Course> =>
  fc.record({
    values,
    places: fc.array(fc.nat(2), { minLength: 1, maxLength: 40 }),
    order: fc.shuffledSubarray([0, 1, 2], { minLength: 3 }),
    viaText: fc.boolean(),
  })

function encodedGroup(spec: Spec, groups: Groups): Json[] {
  return spec.columns.map(([, aggregate], column) => aggregate.encode(groups.state(groups.rowOf('a'), column)))
}

function groupsAfter(spec: Spec, { values, places, order, viaText }: Course): Groups {
  const parts = [0, 1, 2].map(() => new Groups(spec))
  for (const part of parts) part.rowOf('a')
  for (const [i, v] of values.entries()) add(spec, parts[places[i % places.length]!]!, 'a', v)
  const whole = new Groups(spec)
  for (const i of order) {
    const part = parts[i]!
    if (viaText) whole.decode(whole.rowOf('a'), JSON.parse(JSON.stringify(encodedGroup(spec, part))))
    else whole.merge(whole.rowOf('a'), part, part.rowOf('a'))
  }
  return whole
}

const presented = (spec: Spec, groups: Groups) =>
  spec.columns.map(([, aggregate], column) => aggregate.present(groups.state(groups.rowOf('a'), column)))

/** Numbers and their signs, in one list: a canonical form with -0 would be another text on the wire. */
const expectSame = (found: unknown, expected: unknown) => expect(found).toStrictEqual(expected)

describe('states in cells', () => {
  test.each([
    ['numbers', numbers, 400],
    ['members', members, 60],
  ] as const)(
    'present and encode what states as objects do, in any order of add and merge: %s',
    (_, values, numRuns) => {
      fc.assert(
        fc.property(courseOf(values), (course) => {
          const [cells, objects] = [groupsAfter(IN_CELLS, course), groupsAfter(IN_OBJECTS, course)]
          expectSame(encodedGroup(IN_CELLS, cells), encodedGroup(IN_OBJECTS, objects))
          expectSame(presented(IN_CELLS, cells), presented(IN_OBJECTS, objects))
        }),
        { numRuns },
      )
    },
  )

  test('that do not fit any more take zeros, whose sum has no component, as well', () => {
    const course = { values: [2 ** 900, 2 ** 300, 1, 2 ** -300, 2 ** -900, 0, 0, 0], places: [0, 0, 0, 0, 0, 1, 1, 1] }
    for (const viaText of [false, true]) {
      const groups = groupsAfter(IN_CELLS, { ...course, order: [0, 1, 2], viaText })
      const expected = groupsAfter(IN_OBJECTS, { ...course, order: [0, 1, 2], viaText })
      expectSame(encodedGroup(IN_CELLS, groups), encodedGroup(IN_OBJECTS, expected))
    }
  })

  test('count further than a word does, and more buckets than a list has', () => {
    const MOST = 2 ** 32 - 1
    const P90 = IN_CELLS.columns.findIndex(([name]) => name === 'p90')
    const buckets = Array.from({ length: 5_000 }, (_, i) => (1 + (i % 128) / 128) * 2 ** Math.floor(i / 128))
    for (const values of [[1, 1, 2], buckets]) {
      const [cells, objects] = [new Groups(IN_CELLS), new Groups(IN_OBJECTS)].map((groups, i) => {
        const spec = i === 0 ? IN_CELLS : IN_OBJECTS
        const states = spec.columns.map(([, aggregate]) => aggregate.encode(aggregate.zero()))
        states[P90] = [130_000, MOST - 1]
        groups.decode(groups.rowOf('a'), states)
        for (const v of values) add(spec, groups, 'a', v)
        groups.decode(groups.rowOf('a'), states)
        return encodedGroup(spec, groups)
      })
      expectSame(cells, objects)
    }
  })

  test('hold the exact sum, rounded once', () => {
    fc.assert(
      fc.property(courseOf(numbers), (course) => {
        const groups = groupsAfter(IN_CELLS, course)
        const [, total] = IN_CELLS.columns[TOTAL]!
        const state = groups.state(groups.rowOf('a'), TOTAL)
        expect(exactUnits(total.encode(state) as number[])).toBe(exactUnits(course.values))
        expectSame(total.present(state), nearestDouble(exactUnits(course.values)))
      }),
      { numRuns: 400 },
    )
  })

  test('are not changed by what is merged out of them, and not by what their copy takes later', () => {
    fc.assert(
      fc.property(courseOf(numbers), numbers, (course, more) => {
        const from = groupsAfter(IN_CELLS, course)
        const before = encodedGroup(IN_CELLS, from)
        const into = new Groups(IN_CELLS)
        into.merge(into.rowOf('a'), from, from.rowOf('a'))
        for (const v of more) add(IN_CELLS, into, 'a', v)
        into.merge(into.rowOf('a'), from, from.rowOf('a'))
        expectSame(encodedGroup(IN_CELLS, from), before)
      }),
    )
  })

  test('of many keys do not disturb each other, while room for more is made', () => {
    const KEYS = 3_000
    const [groups, expected] = [new Groups(IN_CELLS), new Groups(IN_OBJECTS)]
    for (let i = 0; i < 4 * KEYS; i++) {
      const [key, v] = [`k${(i * 7) % KEYS}`, i % 5 === 0 ? 2 ** (i % 900) : i / 100]
      add(IN_CELLS, groups, key, v)
      add(IN_OBJECTS, expected, key, v)
    }
    expect([...groups.entries()]).toEqual([...expected.entries()])
    const encoded = (spec: Spec, of: Groups) =>
      Array.from(of.entries(), ([, row]) => spec.columns.map(([, each], column) => each.encode(of.state(row, column))))
    expectSame(encoded(IN_CELLS, groups), encoded(IN_OBJECTS, expected))
  })
})

describe('a copy of a built-in aggregate', () => {
  test('is used through its own methods', () => {
    const spec = specOf({ doubled: { ...sum('v'), add: (state: number[], value: number) => [...state, value, value] } })
    const groups = new Groups(spec)
    add(spec, groups, 'a', 1)
    expect(groups.state(0, 0)).toEqual([1, 1])
  })
})
