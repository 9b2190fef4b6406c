import type { PolicyName } from '../../core/control/policies'
import { type Figures, figuresOf } from './figures'
import { World } from './model/world'
import type { Scenario } from './scenario'
import { Shortcut } from './shortcut'

/** How a simulation stands at a moment of the trace; counts are events. */
export interface Moment {
  readonly atMs: number
  readonly backlog: number
  /** Counted in the burst so far. */
  readonly burst: number
}

/**
 * Runs one policy through a scenario until every event is counted, and shows `watch` how it stands at each tick.
 * Deterministic.
 */
export function simulate(
  scenario: Scenario,
  policy: PolicyName,
  watch: (moment: Moment) => void = () => undefined,
): Figures {
  const world = new World(scenario, policy)
  const shortcut = new Shortcut(world)
  world.run(() => {
    if (scenario.shortcut) shortcut.tick()
    watch({ atMs: world.intake.traceMs, backlog: world.backlogEvents, burst: world.ledger.burst })
  })
  return figuresOf(world, shortcut)
}
