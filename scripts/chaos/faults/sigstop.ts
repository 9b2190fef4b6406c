import { type Scenario, THIRDS, type World } from './scenario'

const PAUSE_MS = 10_000 // longer than the idle timeout and than the lateness that `bids` allows

async function inject({ stage, edge, times, loadMs, draw }: World): Promise<void> {
  for (let n = 0; n < times; n++) {
    await stage.pause((0.1 + 0.8 * draw(n)) * (loadMs / times))
    edge.signal('SIGSTOP')
    stage.fault('edge-stopped', `for ${PAUSE_MS / 1000} s`)
    await stage.pause(PAUSE_MS)
    edge.signal('SIGCONT')
    stage.say('         the edge node goes on')
  }
}

export const sigstop: Scenario = {
  about: 'SIGSTOP of the edge node for 10 s under load: nothing that waits becomes late because of it',
  defaults: { seconds: 25, times: 1, spike: THIRDS },
  open: async () => ({ inject }),
}
