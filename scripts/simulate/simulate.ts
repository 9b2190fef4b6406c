import type { PolicyName } from '../../core/policies'
import { type Figures, figuresOf } from './figures'
import type { Scenario } from './scenario'
import { Shortcut } from './shortcut'
import { World } from './world'

/** Runs one policy through a scenario until every event is counted. Deterministic. */
export function simulate(scenario: Scenario, policy: PolicyName): Figures {
  const world = new World(scenario, policy)
  const shortcut = new Shortcut(world)
  world.run(() => {
    if (scenario.shortcut) shortcut.tick()
  })
  return figuresOf(world, shortcut)
}
