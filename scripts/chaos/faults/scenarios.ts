import { freePort } from '../free-port'
import type { Stage } from '../stage'
import { faultAt, planEpisodes } from './fault-plan'
import { startFaultProxy } from './fault-proxy'
import { fullDisk } from './full-disk'
import { killCloud } from './kill-cloud'
import { killEdge } from './kill-edge'
import { pauseCloud } from './pause-cloud'
import type { Plan, Play, Scenario, World } from './scenario'
import { sigstop } from './sigstop'

async function open(stage: Stage, { seed, cloudPort, loadMs }: Plan): Promise<Play> {
  const episodes = planEpisodes(seed, loadMs)
  let sinceMs = Number.POSITIVE_INFINITY // since when there are faults, by `performance.now()`
  const proxy = await startFaultProxy({
    port: await freePort(),
    upstream: `http://127.0.0.1:${cloudPort}`,
    faultFor: (n) => faultAt(episodes, seed, performance.now() - sinceMs, n),
  })
  stage.undo(() => proxy.close())
  for (const { fromMs, toMs, kind, share } of episodes) {
    const at = `${(fromMs / 1000).toFixed(1)} to ${(toMs / 1000).toFixed(1)} s`.padStart(16)
    stage.say(`         planned: ${at}  ${kind} for ${Math.round(100 * share)} % of the requests`)
  }
  const inject = async ({ loadMs }: World) => {
    sinceMs = performance.now()
    await stage.pause(loadMs)
    sinceMs = Number.POSITIVE_INFINITY
    Object.assign(stage.faults, proxy.counts)
    stage.say(`         healed; done were ${JSON.stringify(proxy.counts)}`)
  }
  return { cloudEndpoint: proxy.endpoint, inject }
}

export const proxy: Scenario = {
  about: 'a proxy before the cloud delays, resets, fails, throttles, never answers, and loses answers, in episodes',
  defaults: { seconds: 36, times: 1, spike: { at: 0, length: 0.85 } },
  open,
}

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
