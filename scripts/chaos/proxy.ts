import { faultAt, planEpisodes } from './fault-plan'
import { startFaultProxy } from './fault-proxy'
import { freePort } from './free-port'
import type { Plan, Play, Scenario, World } from './scenario'
import type { Stage } from './stage'

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
