import { basename } from 'node:path'
import type { Figures } from './figures'
import { asTheRun, type Comparison, compared, comparisonTable, likeLive, readLive } from './live'
import { type Plan, planFor, planTable } from './plan'
import { type Question, readReplay, scenarioOf } from './question'
import type { Scenario } from './scenario'
import { simulate } from './simulate'
import { heading, planHeading, tableOf } from './table'

/** What a simulation came to. Rates in events per second. */
export interface SimulationReport {
  readonly trace: string
  readonly base: number
  readonly meanRate: number
  readonly speedup: number
  readonly latencyTargetMs: number
  readonly hours: number
  readonly peakRate: number
  readonly leastOverflow: number
  readonly assumptions: Scenario['given'] & { readonly cloud: Scenario['cloud']; readonly terms: Scenario['terms'] }
  readonly policies: readonly Figures[]
  /** With --live: the first policy's figures against those of the run. */
  readonly validation?: readonly Comparison[]
  readonly plan?: Plan
}

/** Answers a question; `say` gets the progress, `show` what is to be read. Throws CannotSimulate or LoadError. */
export async function run(
  asked: Question,
  say: (line: string) => void,
  show: (text: string) => void,
): Promise<SimulationReport> {
  const live = asked.live === null ? null : await readLive(asked.live)
  const question = live === null ? asked : likeLive(asked, live)
  const replay = await readReplay(question)
  const base = question.base!
  const scenario = scenarioOf(question, replay, base)
  if (live !== null) show(asTheRun(live))
  show(question.plan ? planHeading(scenario) : heading(scenario))
  const plan = question.plan ? planFor(question, replay, say) : undefined
  if (plan !== undefined) show(`\n${planTable(plan)}`)
  const policies = question.plan ? [] : question.policies.map((policy) => timed(scenario, policy, say))
  if (policies.length > 0) show(`\n${tableOf(policies)}`)
  const report = reportOf(question, scenario, policies)
  const validation = live === null || policies[0] === undefined ? undefined : compared(policies[0], report.hours, live)
  if (validation !== undefined) show(`\n${policies[0]!.name} against the run:\n${comparisonTable(validation)}`)
  return { ...report, ...(validation && { validation }), ...(plan && { plan }) }
}

function timed(scenario: Scenario, policy: Figures['name'], say: (line: string) => void): Figures {
  say(`${policy} ...`)
  const startMs = performance.now()
  const figures = simulate(scenario, policy)
  say(`${policy}: ${((performance.now() - startMs) / 1000).toFixed(1)} s`)
  return figures
}

function reportOf(question: Question, scenario: Scenario, policies: readonly Figures[]): SimulationReport {
  const { curve, base, demand, given, cloud, terms } = scenario
  const seconds = curve.times[curve.times.length - 1]! / 1000
  return {
    trace: basename(question.trace),
    base,
    meanRate: curve.counts[curve.counts.length - 1]! / seconds,
    speedup: question.speedup,
    latencyTargetMs: question.latencyTargetMs,
    hours: seconds / 3600,
    peakRate: demand.peakRate,
    leastOverflow: demand.leastOverflow,
    assumptions: { ...given, cloud, terms },
    policies,
  }
}
