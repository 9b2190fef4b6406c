import type { Facts } from '../../../../core/control/control'
import { type Intent, type Policy, running } from '../../../../core/control/control'
import { facts } from '../../../support/sample-facts'

/** What holds from a second on, until the next one. */
export type Sample = readonly [atS: number, Partial<Facts>]

/** What a policy wants at each of these seconds, when it is asked ten times a second. */
export function intentsAt<State>(
  policy: Policy<State>,
  samples: readonly Sample[],
  seconds: readonly number[],
): Intent[] {
  const { decide } = running(policy)
  const lastMs = Math.max(...seconds) * 1000
  const intents: Intent[] = []
  for (let nowMs = 0; nowMs <= lastMs; nowMs += 100) {
    const [, holds] = samples.findLast(([atS]) => atS * 1000 <= nowMs) ?? [0, {}]
    const intent = decide(facts(holds), nowMs)
    if (seconds.includes(nowMs / 1000)) intents.push(intent)
  }
  return intents
}

/** The share that a plan by share diverts, rounded to thousandths; NaN for other plans. */
export const shareOf = ({ plan }: Intent): number =>
  plan.kind === 'share' ? Math.round(plan.share * 1000) / 1000 : Number.NaN

/** The machines of a plan by machines; NaN for other plans. */
export const machinesOf = ({ plan }: Intent): number => (plan.kind === 'machines' ? plan.machines : Number.NaN)
