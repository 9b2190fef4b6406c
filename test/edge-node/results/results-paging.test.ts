import { beforeAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Row } from '../../../core/pipeline/pipeline'
import { Results, type WindowPage, type WindowQuery } from '../../../edge-node/results/results'
import { temporaryFolders } from '../../support/temporary-folder'

/** Start, end and keys of the windows, in the order in which they become final: some without rows, one with many. */
const WINDOWS: readonly (readonly [startMs: number, endMs: number, keys: string])[] = [
  [20, 30, 'abc'],
  [0, 10, 'ab'],
  [10, 20, ''],
  [40, 50, 'abcdefghij'],
  [30, 40, 'c'],
  [-10, 0, 'b'],
  [60, 70, ''],
  [70, 80, ''],
  [0, 60, 'xay'],
]

const newFolder = temporaryFolders()
let results: Results

beforeAll(async () => {
  results = await Results.open(await newFolder())
  for (const window of WINDOWS) await publish(results, window)
})

async function publish(to: Results, [startMs, endMs, keys]: (typeof WINDOWS)[number]): Promise<void> {
  const rows: Row[] = [...keys].map((key, n) => ({ key, n }))
  const stored = await to.store(startMs, endMs, rows)
  const counts = { accepted: [keys.length, '0'.repeat(16)] as const, edge: keys.length, burst: 0, deadLettered: 0 }
  const common = { type: 'final' as const, version: 'v1', rows: rows.length, ...stored, atMs: 0 }
  to.publish({ ...common, ...counts, number: to.count, startMs, endMs })
}

/** What a query without limit has to give: start, end and keys of each window. */
function expected({ fromMs, toMs, key }: Omit<WindowQuery, 'limit' | 'cursor'>) {
  return WINDOWS.filter(([startMs, endMs]) => startMs >= fromMs && endMs <= toMs)
    .map(([startMs, endMs, keys]) => [
      startMs,
      endMs,
      [...keys].filter((each) => key === null || each === key).join(''),
    ])
    .sort(([a, b], [c, d]) => Number(a) - Number(c) || Number(b) - Number(d))
}

async function readAll(query: Omit<WindowQuery, 'cursor'>): Promise<WindowPage['windows'][]> {
  const pages: WindowPage['windows'][] = []
  for (let cursor: string | null = null; ; ) {
    const page: WindowPage = await results.page({ ...query, cursor })
    pages.push(page.windows)
    if (page.next === null) return pages
    cursor = page.next
  }
}

function joined(pages: readonly WindowPage['windows'][]) {
  const whole: [number, number, string][] = []
  for (const { start, end, rows } of pages.flat()) {
    const last = whole.at(-1)
    const keys = rows.map(({ key }) => key).join('')
    if (last?.[0] === start && last[1] === end) last[2] += keys
    else whole.push([start, end, keys])
  }
  return whole
}

const bound = fc.integer({ min: -20, max: 90 })
const query = fc.record({
  fromMs: fc.oneof(bound, fc.constant(-Infinity)),
  toMs: fc.oneof(bound, fc.constant(Infinity)),
  key: fc.option(fc.constantFrom('a', 'b', 'c', 'x', 'none')),
  limit: fc.integer({ min: 1, max: 30 }),
})

test('the pages of any limit, joined, are the whole', async () => {
  await fc.assert(
    fc.asyncProperty(query, async (asked) => {
      expect(joined(await readAll(asked))).toEqual(expected(asked))
    }),
    { numRuns: 300 },
  )
})

test('a page has at most the limit of rows, a window without rows counting as one, and none but the last is short', async () => {
  await fc.assert(
    fc.asyncProperty(query, async (asked) => {
      const sizes = (await readAll(asked)).map((page) =>
        page.reduce((size, { rows }) => size + Math.max(1, rows.length), 0),
      )
      for (const size of sizes.slice(0, -1)) expect(size).toBe(asked.limit)
      expect(sizes.at(-1)!).toBeLessThanOrEqual(asked.limit)
    }),
  )
})

test('a window that becomes final while a page is read puts none into it twice', async () => {
  const growing = await Results.open(await newFolder())
  await publish(growing, [10, 20, 'a'])
  await publish(growing, [20, 30, 'b'])
  const { rows } = growing
  let reads = 0
  growing.rows = async (final) => {
    reads += 1
    if (reads === 1) await publish(growing, [0, 10, 'c'])
    return rows.call(growing, final)
  }
  const all = { fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY, key: null, limit: 10, cursor: null }
  expect((await growing.page(all)).windows.map(({ start }) => start)).toEqual([10, 20])
  expect((await growing.page(all)).windows.map(({ start }) => start)).toEqual([0, 10, 20])
})
