import { join } from 'node:path'
import { ingestStatusOf, readinessOf } from '../edge-view'
import type { Stage } from '../stage'
import { type Plan, type Play, type Scenario, THIRDS, type World } from './scenario'
import { fillDisk, freeDisk, mountSmallDisk } from './small-disk'

const DISK_BYTES = 128 * 1024 * 1024 // enough for a log of the run and what the node keeps in reserve
const FULL_MS = 20_000 // a window of `bids` ends in this time and would be late, if time went on for it
const NOTICE_WITHIN_MS = 10_000
const RECOVER_WITHIN_MS = 15_000

async function open(stage: Stage, _: Plan): Promise<Play | { readonly skipped: string }> {
  const disk = join(stage.folder, 'disk')
  const refusal = await mountSmallDisk(stage, disk, DISK_BYTES)
  if (refusal !== null) return { skipped: refusal }
  return { dataDir: join(disk, 'edge'), inject: (world) => inject(world, disk) }
}

async function inject({ stage, edgeUrl, times, loadMs, draw }: World, disk: string): Promise<void> {
  const becomes = async (ready: boolean, withinMs: number) => {
    const startMs = performance.now()
    const found = await stage.watch(async () => ((await readinessOf(edgeUrl)) === ready ? true : null), withinMs)
    return found === null ? null : performance.now() - startMs
  }
  for (let n = 0; n < times; n++) {
    await stage.pause((0.1 + 0.5 * draw(n)) * (loadMs / times))
    stage.fault('disk-filled', `with ${(await fillDisk(disk)).toLocaleString('en-US')} bytes`)
    stage.expect((await becomes(false, NOTICE_WITHIN_MS)) !== null, 'the node is not ready while its disk is full')
    stage.expect((await ingestStatusOf(edgeUrl)) === 503, 'ingest answers 503 while the disk is full')
    await stage.pause(FULL_MS)
    await freeDisk(disk)
    stage.say('         there is room again')
    const recoveryMs = await becomes(true, RECOVER_WITHIN_MS)
    stage.expect(recoveryMs !== null, 'the node is ready again once there is room')
    if (recoveryMs !== null) stage.say(`         ready again after ${Math.round(recoveryMs)} ms`)
  }
}

export const fullDisk: Scenario = {
  about: "the edge node's disk runs full under load and gets room again: 503 meanwhile, nothing accepted is lost",
  defaults: { seconds: 25, times: 1, spike: THIRDS },
  open,
}
