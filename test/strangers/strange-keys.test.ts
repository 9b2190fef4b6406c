import { describe, expect, test } from '@jest/globals'
import { testNodes } from '../support/fixture'
import { line, NEW_YEAR_MS, plainPipeline, send } from './whole-nodes'

const { start } = testNodes()

/** Keys that encoders, databases and languages change, or take for something else. */
const KEYS = [
  ...['\ud800', '\udfff', '\ufffd', 'e\u0301', '\u00e9', '', ' ', 'a\u0000b', 'a\u0000', 'l\u2028x', 'l\u0085x'],
  ...['__proto__', 'constructor', 'toString', 'a#b', 'a/b', '%00', '\u4e2d'.repeat(512), '\u{1f511}'.repeat(256)],
  ...['true', '1', '01', '1.0', 'null', '\ufeffk', 'k', 'K', '\u212a'],
]
/** The n-th key n times, and `true` and 1 as themselves. */
const LINES = [
  ...KEYS.flatMap((key, index) => Array.from({ length: index + 1 }, () => line(key, NEW_YEAR_MS, 1, key))),
  ...['true', '1', '1.0'].map((key) => `{"k":${key},"t":${NEW_YEAR_MS},"v":1,"u":1}`),
]
const MORE = new Map([
  ['true', 1],
  ['1', 2],
])
const EXPECTED = KEYS.map((key, index) => [key, index + 1 + (MORE.get(key) ?? 0)] as const).sort(([a], [b]) =>
  a < b ? -1 : 1,
)

test.each(['never', 'always'] as const)(
  '%s: each key has a row as it was sent, in the order of UTF-16 code units',
  async (mode) => {
    const node = await start({ pipeline: plainPipeline() })
    await send(node, mode, LINES)
    await send(node, mode, [line('closer', NEW_YEAR_MS + 10_000)])
    const [window] = await node.windows(1)
    expect(window!.rows.map(({ key, n }) => [key, n])).toEqual(EXPECTED)
    expect(window!.burst).toBe(mode === 'always' ? LINES.length : 0)
    const [asked] = await node.windows(1, `key=${encodeURIComponent('a\u0000b')}`)
    expect(asked!.rows.map(({ n }) => n)).toEqual([8])
  },
)

test('64-bit ids are a row each as they were sent, or refused; never two customers in one row', async () => {
  const node = await start({ pipeline: plainPipeline() })
  const safe = ['9007199254740991', '9224851642388', '-9007199254740991']
  const unsafe = ['15793596808644609', '15793596808644608', '1610521604143693812', '9007199254740993']
  const ids = [...safe, ...unsafe, ...unsafe.map((id) => `"${id}"`)]
  const answer = await node.post(ids.map((id) => `{"k":${id},"t":${NEW_YEAR_MS},"v":1,"u":${id}}`).join('\n'))
  expect(answer.json().rejected.map(({ line, code }: { line: number; code: string }) => [line, code])).toEqual([
    [4, 'unsafe_integer'],
    [5, 'unsafe_integer'],
    [6, 'unsafe_integer'],
    [7, 'unsafe_integer'],
  ])
  await send(node, 'never', [line('closer', NEW_YEAR_MS + 10_000)])
  const [window] = await node.windows(1)
  expect(window!.rows.map(({ key, n }) => [key, n])).toEqual([...safe, ...unsafe].sort().map((id) => [id, 1]))
})

describe('sums and sketches', () => {
  const { start } = testNodes()

  /** Values whose sum depends on the order, and what Python's math.fsum makes of them. */
  const SUMS: Readonly<Record<string, readonly [values: readonly number[], sum: number]>> = {
    cancelled: [[1e16, 1, -1e16, 1e16, 1, -1e16, 0.1], 2.1],
    tenths: [[...Array<number>(10).fill(0.1), ...Array<number>(10).fill(0.2), 0.3], 3.3000000000000003],
    subnormal: [[5e-324, 2.5e-310, -1e-309, 5e-324], -7.4999999999999e-310],
    tie: [[2 ** 53, 1, 1, -1, 2 ** -30], 2 ** 53 + 2],
    zero: [[-0, 0, 1e-300, -1e-300], 0],
    large: [[9.9e291, -9.9e291, 3], 3],
  }

  test('a sum is that of exact arithmetic, whatever the order, and wherever its parts were folded', async () => {
    const node = await start({ pipeline: plainPipeline() })
    const ways: readonly ((values: readonly number[]) => readonly number[])[] = [
      (values) => values,
      (values) => values.toReversed(),
      (values) => values.toSorted((a, b) => a - b),
    ]
    const lines = Object.entries(SUMS).flatMap(([key, [values]]) =>
      ways.flatMap((way, index) => way(values).map((v) => line(`${key}/${index}`, NEW_YEAR_MS, v))),
    )
    await send(
      node,
      'never',
      lines.filter((_, n) => n % 2 === 0),
    )
    await send(
      node,
      'always',
      lines.filter((_, n) => n % 2 === 1),
    )
    await send(node, 'never', [line('closer', NEW_YEAR_MS + 10_000)])
    const [window] = await node.windows(1)
    expect([window!.edge, window!.burst, window!.deadLettered]).toEqual([lines.length / 2, lines.length / 2, 0])
    for (const [key, [values, sum]] of Object.entries(SUMS)) {
      for (const index of ways.keys()) {
        const row = window!.rows.find((row) => row.key === `${key}/${index}`)
        expect(row).toMatchObject({ n: values.length, s: sum, avg: sum / values.length + 0 })
      }
    }
  })

  test('distinct counts of integers, texts and overlapping halves are within 5 standard errors, split or not', async () => {
    const sizes = [1, 10, 500, 3_000, 10_240] // 2.5 times the registers, where other sketches jump
    const counted = async (second: 'never' | 'always') => {
      const node = await start({ pipeline: plainPipeline(), config: { maxRequestLines: 100_000 } })
      const values = sizes.flatMap((size) => Array.from({ length: size }, (_, n) => [size, n] as const))
      const integers = values.map(([size, n]) => line(`int ${size}`, NEW_YEAR_MS, 0, n))
      const texts = values.map(([size, n]) => line(`text ${size}`, NEW_YEAR_MS, 0, `user-${n}`))
      const overlap = values
        .filter(([size, n]) => n < size / 2)
        .map(([size, n]) => line(`text ${size}`, NEW_YEAR_MS, 0, `user-${n}`))
      await send(node, 'never', [...integers.filter((_, n) => n % 2 === 0), ...texts])
      await send(node, second, [...integers.filter((_, n) => n % 2 === 1), ...overlap])
      await send(node, 'never', [line('closer', NEW_YEAR_MS + 10_000)])
      const [window] = await node.windows(1)
      return window!
    }
    const [split, unsplit] = [await counted('always'), await counted('never')]
    expect([split.burst > 1_000, unsplit.burst]).toEqual([true, 0])
    expect(split.rows).toEqual(unsplit.rows)
    for (const { key, d } of split.rows) {
      const size = Number(key.split(' ')[1])
      expect([key, Math.abs(Number(d) - size) <= Math.max(0, 5 * 0.01625 * size)]).toEqual([key, true])
    }
  }, 20_000)
})
