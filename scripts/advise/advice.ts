import type { PolicyName } from '../../core/control/policies'
import type { Figures } from '../simulate/figures'
import { type Question, replayOf, scenarioOf } from '../simulate/question'
import type { Scenario } from '../simulate/scenario'
import { ASSUMPTIONS } from '../simulate/settings'
import { simulate } from '../simulate/simulate'
import { type Capacity, capacityOf } from './capacity'
import type { Terms } from './cli'
import { type Course, CourseKeeper } from './course'
import { most, type Observation, secondsOf, sum, traceOf } from './observation'
import { type Verdict, verdictOf } from './verdict'

/** What was watched. */
export interface Watched {
  /** Where, in words. */
  readonly where: string
  /** Side by side in the widest part of the job; null where nothing says. */
  readonly subtasks: number | null
  readonly seen: Observation
}

/** What was seen, and what bursting would have made of it. Rates in events per second. */
export interface Advice {
  readonly where: string
  readonly seconds: number
  readonly binSeconds: number
  readonly events: number
  readonly meanRate: number
  readonly peakRate: number
  readonly mostWaiting: number | null
  readonly busiest: number | null
  readonly secondsUnseen: number
  readonly capacity: Capacity
  readonly seen: Observation
  /** null: nothing shows what the job can take, so nothing can be said. */
  readonly answer: Answer | null
}

export interface Answer {
  readonly verdict: Verdict
  readonly base: number
  readonly latencyTargetMs: number
  readonly assumptions: Scenario['given'] & { readonly cloud: Scenario['cloud'] }
  /** As the simulator has them: bursting first, then as it is, then more machines. */
  readonly policies: readonly Figures[]
  readonly asItIs: Course
  readonly bursting: Course
}

const COMPARED = ['spillway', 'none', 'flink-autoscaler', 'static'] as const satisfies readonly PolicyName[]
const SEALED_SHARE = ASSUMPTIONS.sealedEventBytes / ASSUMPTIONS.eventBytes

/** Says what bursting would have changed; `say` gets the progress. Throws LoadError when nothing came at all. */
export function adviceFor({ where, subtasks, seen }: Watched, terms: Terms, say: (text: string) => void): Advice {
  const seconds = secondsOf(seen)
  const events = sum(seen.arrived)
  const capacity = capacityOf(seen, terms.base)
  return {
    ...{ where, seconds, events, capacity, seen },
    binSeconds: seen.binSeconds,
    meanRate: events / seconds,
    peakRate: Math.max(...seen.arrived) / seen.binSeconds,
    mostWaiting: most(seen.waiting),
    busiest: most(seen.busy),
    secondsUnseen: seen.isGap.filter((isGap) => isGap).length * seen.binSeconds,
    answer: capacity.kind === 'unknown' ? null : answerFor(seen, capacity.perSecond, subtasks, terms, say),
  }
}

function answerFor(
  seen: Observation,
  base: number,
  subtasks: number | null,
  terms: Terms,
  say: (text: string) => void,
): Answer {
  const question = questionOf(terms, base, subtasks)
  const scenario = scenarioOf(question, replayOf(question, traceOf(seen)), base)
  const courses = new Map<PolicyName, Course>()
  const policies = COMPARED.map((policy) => {
    say(`Simulating ${policy} ...`)
    const course = new CourseKeeper(seen.binSeconds, base)
    const figures = simulate(scenario, policy, (moment) => course.note(moment))
    courses.set(policy, course.read())
    return figures
  })
  const { given, cloud } = scenario
  return {
    verdict: verdictOf(policies[1]!, policies[0]!),
    base,
    latencyTargetMs: terms.latencyTargetMs,
    assumptions: { ...given, cloud },
    policies,
    asItIs: courses.get('none')!,
    bursting: courses.get('spillway')!,
  }
}

/** One function is taken for one subtask of the job: both are about a core or less, and wait for the same services. */
function questionOf(terms: Terms, base: number, subtasks: number | null): Question {
  const { latencyTargetMs, transport, machineUsd, eventBytes } = terms
  return {
    ...{ trace: 'what was seen', policies: COMPARED, base, latencyTargetMs, transport, machineUsd, eventBytes },
    laneRate: terms.laneRate ?? base / (subtasks ?? 1),
    sealedEventBytes: eventBytes * SEALED_SHARE,
    ...{ consumer: 'fan-out', stream: 'provisioned', speedup: 1, seed: 1, fine: false, plan: false },
    ...{ maxOverTarget: 0, live: null },
  }
}
