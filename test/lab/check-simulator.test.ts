import { describe, expect, test } from '@jest/globals'
import { agreement } from '../../lab/check-simulator/agreement'
import type { ComparedFigure, Comparison } from '../../scripts/simulate/live'

const comparison = (figure: ComparedFigure, predicted: number, measured: number): Comparison => ({
  ...{ figure, predicted, measured },
  ratio: measured > 0 ? predicted / measured : null,
})

const agrees = (figure: ComparedFigure, predicted: number, measured: number) =>
  agreement('kinesis', [comparison(figure, predicted, measured)]).every(({ holds }) => holds)

describe('the simulator agrees with a run', () => {
  test.each<[string, ComparedFigure, number, number, boolean]>([
    ['where it has the same events', 'events', 1_000, 1_000, true],
    ['but not where it had another load', 'events', 1_000, 1_020, false],
    ['where about as much bursts', 'burst share', 0.35, 0.3, true],
    ['but not where half as much does', 'burst share', 0.15, 0.3, false],
    ['nor where the run burst nothing', 'burst share', 0.3, 0, false],
    ['where it costs about as much', 'burst $', 0.0003, 0.0004, true],
    ['but not where it costs three times as much', 'burst $', 0.0012, 0.0004, false],
    ['where a busy machine made everything ten times later', 'p99 ms', 500, 5_000, true],
    ['but not where it was a quarter sooner than predicted', 'p99 ms', 750, 600, false],
    ['where an event that bursts costs what was said', 'burst $ a million', 0.027, 0.026, true],
    ['but not where it costs a quarter less', 'burst $ a million', 0.0325, 0.026, false],
    ['where a busy machine missed the target', 'over target', 0, 0.4, true],
    ['but not where it kept a target that was said to be missed', 'over target', 0.4, 0, false],
  ])('%s', (_, figure, predicted, measured, expected) => {
    expect(agrees(figure, predicted, measured)).toBe(expected)
  })

  test('each broken bound names the way, the figure and what it was', () => {
    const [broken] = agreement('invoke', [comparison('p99 ms', 900, 300)]).filter(({ holds }) => !holds)
    expect(broken).toMatchObject({ what: 'invoke: p99 ms, predicted over measured', measured: 3, limit: 1.2 })
  })
})
