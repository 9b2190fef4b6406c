import { describe, expect, test } from '@jest/globals'
import { readQuery } from './promql'

const metrics = (query: string) => readQuery(query).selectors.map(({ metric }) => metric)

describe('a query', () => {
  test.each([
    ['up', ['up']],
    ['up == 0', ['up']],
    ['sum(a) / sum(b)', ['a', 'b']],
    ['sum by (x, y) (rate(a_total{b="c"}[5m]))', ['a_total']],
    ['sum(rate(a_total[$__rate_interval])) by (x)', ['a_total']],
    ['a > on (x) group_left (y) b', ['a', 'b']],
    ['a * on (x) group_right b', ['a', 'b']],
    ['histogram_quantile(0.99, sum by (le) (rate(h_bucket[1h])))', ['h_bucket']],
    ['a and b or c unless d', ['a', 'b', 'c', 'd']],
    ['a offset 5m > bool 1e6', ['a']],
    ['predict_linear(a[1h], 4 * 3600) < -b', ['a', 'b']],
    ['max_over_time(rate(a[1m])[1h:5m])', ['a']],
    ['label_values(a, instance)', ['a', 'instance']],
    ['time() - a # since when', ['a']],
    ['vector(0)', []],
    ['by:rule:sum', ['by:rule:sum']],
  ])('%s reads %j', (query, found) => {
    expect(metrics(query)).toEqual(found)
  })

  test('names its labels, in matchers and in groups', () => {
    const { selectors, labels } = readQuery(`sum by (x) (a{b="c",d=~'e|f', g!="\\"}"}) > on (y) group_left (z) h`)
    expect(labels).toEqual(['x', 'y', 'z'])
    expect(selectors[0]!.matchers).toEqual([
      { label: 'b', operator: '=', value: 'c' },
      { label: 'd', operator: '=~', value: 'e|f' },
      { label: 'g', operator: '!=', value: '\\"}' },
    ])
  })

  test('says which function reads which range', () => {
    const { selectors } = readQuery('sum(rate(a[5m])) / (b + deriv(c{x="y"}[1h])) > d')
    expect(selectors.map(({ metric, isRange, within }) => [metric, isRange, within])).toEqual([
      ['a', true, 'rate'],
      ['b', false, null],
      ['c', true, 'deriv'],
      ['d', false, null],
    ])
  })
})

test.each([
  'sum(a',
  'sum a)',
  'a{b="c"',
  'a{b}',
  'a{b=c}',
  'a{b="c" d="e"}',
  'rate(a[5m)',
  'a ; b',
  'sum by (x)',
  'a{"b"="c"}',
])('%s is no query', (query) => {
  expect(() => readQuery(query)).toThrow(query)
})
