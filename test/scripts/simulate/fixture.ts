import { type Curve, curveThrough } from '../../../scripts/load/schedule/curve'
import { parseSimulateArguments } from '../../../scripts/simulate/cli'
import { type Question, scenarioOf } from '../../../scripts/simulate/question'
import type { Scenario } from '../../../scripts/simulate/scenario'

/** A curve of bins of equal length, each with a constant rate in events per second. */
export function curveOf(binSeconds: number, rates: readonly number[]): Curve {
  const points: [number, number][] = [[0, 0]]
  for (const rate of rates) {
    const [ms, count] = points[points.length - 1]!
    points.push([ms + binSeconds * 1000, count + rate * binSeconds])
  }
  return curveThrough(points)
}

export function questionOf(...args: readonly string[]): Question {
  const command = parseSimulateArguments(['--trace', 'trace.csv', '--base', '1000', ...args])
  if (command.kind !== 'run') throw new Error(JSON.stringify(command))
  return command.questions[0]!
}

/** A base of 1,000 events per second under such rates. */
export function scenarioFor(binSeconds: number, rates: readonly number[], ...args: readonly string[]): Scenario {
  return scenarioOf(questionOf(...args), { curve: curveOf(binSeconds, rates), binMs: binSeconds * 1000 }, 1_000)
}
