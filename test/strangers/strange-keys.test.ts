import { expect, test } from '@jest/globals'
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
