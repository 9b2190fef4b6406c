import { fullDisk } from './full-disk'
import { killCloud } from './kill-cloud'
import { killEdge } from './kill-edge'
import { pauseCloud } from './pause-cloud'
import { proxy } from './proxy'
import type { Scenario } from './scenario'
import { sigstop } from './sigstop'

/** All scenarios, in the order in which `all` runs them. */
export const SCENARIOS = {
  'kill-edge': killEdge,
  'kill-cloud': killCloud,
  'pause-cloud': pauseCloud,
  proxy,
  'full-disk': fullDisk,
  sigstop,
} satisfies Record<string, Scenario>

export type ScenarioName = keyof typeof SCENARIOS

export const SCENARIO_NAMES = Object.keys(SCENARIOS) as ScenarioName[]

/** What `--list` shows. */
export function scenarioList(): string {
  const line = (name: ScenarioName) => `${name.padEnd(12)} ${SCENARIOS[name].about}`
  return [...SCENARIO_NAMES.map(line), `${'all'.padEnd(12)} one after the other`].join('\n')
}
