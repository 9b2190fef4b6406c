import { describe, expect, test } from '@jest/globals'
import { count, mean, sum } from '../../../scripts/verify/aggregate'
import { compareWindows } from '../../../scripts/verify/compare'
import { type Batch, oracleWindows } from '../../../scripts/verify/oracle'
import type { OraclePipeline } from '../../../scripts/verify/pipeline'
import type { ServedWindow } from '../../../scripts/verify/served'
import { tumbling } from '../../../scripts/verify/window'

const pipeline: OraclePipeline = {
  name: 'plain',
  windowing: tumbling(10),
  timestamp: 't',
  timestampUnit: 'ms',
  key: 'k',
  aggregates: { n: count(), total: sum('x'), average: mean('x') },
}
const events = [
  { t: 1, k: 'a', x: 0.1 },
  { t: 2, k: 'a', x: 0.2 },
  { t: 3, k: 'b', x: 7 },
  { t: 11, k: 'a', x: 1 },
  { t: 25, k: 'a', x: 'dead' },
]

function batch(some: readonly unknown[]): Batch {
  return { horizon: null, lines: some.map((event) => JSON.stringify(event)) }
}

/** What an edge node that folded `some` events would serve. */
function served(some: readonly unknown[] = events): ServedWindow[] {
  return oracleWindows([batch(some)], pipeline).map((window) => {
    const folded = { version: 'v1', edge: window.accepted - window.deadLettered, burst: 0 }
    return structuredClone({ ...window, ...folded })
  })
}

function compare(actual: readonly ServedWindow[]) {
  return compareWindows(oracleWindows([batch(events)], pipeline), actual)
}

test('the same windows compare as exact, however edge and burst share them', () => {
  const windows = served()
  windows[0]!.edge -= 2
  windows[0]!.burst += 2
  const { counts, ...comparison } = compare(windows)
  expect(counts).toEqual({ missing: 0, extra: 0, mismatched: 0 })
  expect(comparison).toEqual({ windows: 3, rows: 3, missing: [], extra: [], mismatched: [] })
})

describe('the checker bites', () => {
  test('on a missing window', () => {
    expect(compare(served().toSpliced(1, 1))).toMatchObject({
      missing: [{ start: 10, end: 20 }],
      counts: { missing: 1 },
    })
  })

  test('on a missing window in which every event was dead-lettered', () => {
    expect(compare(served().slice(0, 2)).missing).toEqual([{ start: 20, end: 30 }])
  })

  test('on an extra window', () => {
    const windows = served([...events, { t: 31, k: 'a', x: 1 }])
    expect(compare(windows)).toMatchObject({ extra: [{ start: 30, end: 40 }], counts: { extra: 1, mismatched: 0 } })
  })

  test('on a window that is served twice', () => {
    expect(compare([...served(), served()[2]!]).extra).toEqual([{ start: 20, end: 30 }])
  })

  test('on a field that differs in the last bit', () => {
    const windows = served()
    windows[0]!.rows[0]!.total = 0.3
    expect(compare(windows).mismatched).toEqual([
      { start: 0, end: 10, key: 'a', field: 'total', expected: 0.30000000000000004, actual: 0.3 },
    ])
  })

  test('on a doubled event', () => {
    const fields = compare(served([...events, events[3]])).mismatched.map(({ start, key, field }) => [
      start,
      key,
      field,
    ])
    expect(fields).toEqual([
      [10, null, 'accepted'],
      [10, 'a', 'n'],
      [10, 'a', 'total'],
    ])
  })

  test('on a lost event', () => {
    const fields = compare(served(events.slice(1))).mismatched.map(({ key, field }) => [key, field])
    expect(fields).toEqual([
      [null, 'accepted'],
      ['a', 'n'],
      ['a', 'total'],
      ['a', 'average'],
    ])
  })

  test('on one event lost and another doubled, though the count balances', () => {
    const { mismatched } = compare(served([...events.slice(1), events[1]]))
    expect(mismatched.map(({ key, field }) => [key, field])).toEqual([
      ['a', 'total'],
      ['a', 'average'],
    ])
  })

  test('on a dead letter that is not counted as one', () => {
    const windows = served()
    windows[2]!.deadLettered = 0
    windows[2]!.edge = 1
    expect(compare(windows).mismatched).toMatchObject([{ field: 'deadLettered', expected: 1, actual: 0 }])
  })

  test('on a window whose shares do not add up', () => {
    const windows = served()
    windows[0]!.burst = 1
    expect(compare(windows).mismatched).toMatchObject([{ key: null, field: 'balance', expected: 3, actual: 4 }])
  })

  test('on a missing row, an extra row and a doubled row', () => {
    const [missing, extra, doubled] = [served(), served(), served()]
    missing[0]!.rows.pop()
    extra[0]!.rows.push({ key: 'c', n: 1 })
    doubled[0]!.rows.push(doubled[0]!.rows[1]!)
    expect(compare(missing).mismatched).toMatchObject([{ key: 'b', field: 'row', actual: 'absent' }])
    expect(compare(extra).mismatched).toMatchObject([{ key: 'c', field: 'row', actual: 'present' }])
    expect(compare(doubled).mismatched).toMatchObject([{ key: 'b', field: 'row', actual: 'again' }])
  })

  test('on rows that are not ordered by key', () => {
    const windows = served()
    windows[0]!.rows.reverse()
    expect(compare(windows).mismatched).toMatchObject([{ key: 'a', field: 'order' }])
  })

  test('on a missing field, an extra field and a number served as a string', () => {
    const [missing, extra, text] = [served(), served(), served()]
    delete missing[1]!.rows[0]!.average
    extra[1]!.rows[0]!.more = 1
    text[1]!.rows[0]!.n = '1'
    expect(compare(missing).mismatched).toMatchObject([{ field: 'average', actual: undefined }])
    expect(compare(extra).mismatched).toMatchObject([{ field: 'more', expected: undefined }])
    expect(compare(text).mismatched).toMatchObject([{ field: 'n', expected: 1, actual: '1' }])
  })
})

test('a mean that underflows to -0 is expected as 0, which is how JSON writes it', () => {
  const tiny = [
    { t: 1, k: 'a', x: -5e-324 },
    { t: 1, k: 'a', x: -0 },
  ]
  const expected = oracleWindows([batch(tiny)], pipeline)
  expect(expected[0]?.rows[0]?.average).toBe(-0)
  const actual: ServedWindow[] = JSON.parse(JSON.stringify(served(tiny)))
  expect(compareWindows(expected, actual).counts.mismatched).toBe(0)
})

test('all differences are counted and the first 20 are kept', () => {
  const many = Array.from({ length: 50 }, (_, i) => ({ t: 10 * i, k: 'a', x: 1 }))
  const expected = oracleWindows([batch(many)], pipeline)
  const comparison = compareWindows(expected, [])
  expect(comparison.counts.missing).toBe(50)
  expect(comparison.missing).toHaveLength(20)
})
