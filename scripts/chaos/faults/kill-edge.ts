import type { Draw } from '../../load/events/random'
import type { Scenario, World } from './scenario'

const LONGEST_LIFE_MS = 4_000
const READY_WITHIN_MS = 60_000
const CHECKPOINT_EVERY_MS = '1000' // in a life this short the usual interval would give none to start from

/** When to kill a node that was just started. */
export interface Kill {
  /** From its start, so that it may still be reading its log; else from when it is ready. */
  readonly whileStarting: boolean
  readonly afterMs: number
}

/** The `n`-th kill: every fourth or so hits a node that starts. */
export function killAt(draw: Draw, n: number): Kill {
  return { whileStarting: draw(2 * n) < 0.25, afterMs: Math.round(draw(2 * n + 1) * LONGEST_LIFE_MS) }
}

async function inject(world: World): Promise<void> {
  const { stage, edge, times, draw } = world
  await stage.pause(draw(2 * times) * LONGEST_LIFE_MS)
  for (let n = 0; n < times; n++) {
    await edge.kill()
    stage.fault('edge-killed', `${n + 1} of ${times}`)
    const { whileStarting, afterMs } = n === times - 1 ? { whileStarting: false, afterMs: 0 } : killAt(draw, n)
    const child = edge.launch()
    const ready = child.ready()
    ready.catch(() => undefined) // it may be killed before
    if (!whileStarting) await stage.until(within(READY_WITHIN_MS, ready))
    await stage.pause(afterMs)
  }
}

async function within(ms: number, ready: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the edge node was not ready ${ms} ms after its start`)), ms)
  })
  await Promise.race([ready, late]).finally(() => clearTimeout(timer))
}

export const killEdge: Scenario = {
  about: 'kill -9 of the edge node at random instants, also while it starts; restarted on the same data and port',
  defaults: { seconds: 50, times: 20, spike: { at: 0.1, length: 0.4 } },
  open: async () => ({ inject, edgeArgs: ['--checkpoint-every-ms', CHECKPOINT_EVERY_MS] }),
}
