import { type Scenario, THIRDS, type World } from './scenario'

const LONGEST_MORE_MS = 4_000
const BURST_WITHIN_MS = 60_000
const LONGEST_AWAY_MS = 3_000

/** Waits until envelopes are in flight and others are counted in the burst: both are lost with the cloud. */
export async function inMidBurst({ stage, status, spikeAtMs }: World): Promise<void> {
  const found = await stage.watch(async () => {
    const now = await status()
    return now !== null && now.burst.inFlightEnvelopes > 0 && now.events.burst > 0 ? now : null
  }, spikeAtMs + BURST_WITHIN_MS)
  if (found === null) throw new Error('nothing burst, so there is nothing to lose: is the peak above the capacity?')
  const { burst, events } = found
  stage.say(`         ${burst.inFlightEnvelopes} envelopes in flight, ${events.burst} events counted in the burst`)
}

async function inject(world: World): Promise<void> {
  const { stage, cloud, times, draw } = world
  for (let n = 0; n < times; n++) {
    await inMidBurst(world)
    await stage.pause(draw(3 * n) * LONGEST_MORE_MS)
    await cloud.kill()
    stage.fault('cloud-killed', 'with everything that was in it')
    await stage.pause(draw(3 * n + 1) * LONGEST_AWAY_MS)
    await stage.until(cloud.start())
    stage.say('         an empty cloud is up on the same port')
  }
}

export const killCloud: Scenario = {
  about: 'SIGKILL of the cloud during a spike and an empty one in its place: all partials are gone, no event is',
  defaults: { seconds: 25, times: 1, spike: THIRDS },
  open: async () => ({ inject }),
}
