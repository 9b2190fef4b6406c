import { inMidBurst } from './kill-cloud'
import { type Scenario, THIRDS, type World } from './scenario'

const PAUSE_MS = 45_000 // longer than an envelope may be in flight before the edge takes it back, by default 30 s
const LOOK_AFTER_MS = 25_000 // by now nothing is sent any more, and nothing is taken back yet

async function inject(world: World): Promise<void> {
  const { stage, cloud, times, draw, status } = world
  for (let n = 0; n < times; n++) {
    await inMidBurst(world)
    await stage.pause(draw(n) * 1_000)
    cloud.signal('SIGSTOP')
    stage.fault('cloud-stopped', `for ${PAUSE_MS / 1000} s`)
    await stage.pause(LOOK_AFTER_MS)
    const inFlight = (await status())?.burst.inFlightEnvelopes ?? 0
    await stage.pause(PAUSE_MS - LOOK_AFTER_MS)
    const inFlightLater = (await status())?.burst.inFlightEnvelopes ?? 0
    stage.expect(inFlightLater < inFlight, 'the edge takes back what a silent cloud does not finish')
    cloud.signal('SIGCONT')
    stage.say('         the cloud goes on')
  }
}

export const pauseCloud: Scenario = {
  about: 'SIGSTOP of the cloud for 45 s during a spike: what it did not finish is folded at the edge, nothing twice',
  defaults: { seconds: 25, times: 1, spike: THIRDS },
  open: async () => ({ inject }),
}
