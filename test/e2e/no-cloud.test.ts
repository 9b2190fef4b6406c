import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Status } from '../../edge-node/http/status'
import type { WindowPage } from '../../edge-node/results/results'
import { type Child, startChild } from '../../scripts/processes/child'

const T0 = Date.UTC(2026, 0, 1)
const PIPELINE = `import { count, pipeline, sum, tumbling } from 'spillway'
export default pipeline({
  name: 'taps', key: 'door', timestamp: 'at', window: tumbling('10s'), outOfOrderness: 0,
  aggregates: { taps: count(), people: sum('people') },
})
`

/** A real process, whose environment has nothing of a cloud: any call of the SDK would fail, and be logged. */
describe('a node without a cloud, with a pipeline from a file anywhere', () => {
  let folder: string
  let edge: Child
  let url: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spillway-no-cloud-'))
    await writeFile(join(folder, 'taps.ts'), PIPELINE)
    const settings = { pipeline: join(folder, 'taps.ts'), cloud: 'none', port: 0, 'data-dir': join(folder, 'data') }
    const args = Object.entries({ ...settings, 'log-level': 'warn' }).flatMap(([name, value]) => [
      `--${name}`,
      `${value}`,
    ])
    const nothing = { AWS_REGION: '', AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_ENDPOINT_URL: '' }
    edge = startChild('edge-node/main.ts', args, nothing)
    url = (await edge.ready<{ url: string }>()).url
  }, 60_000)

  afterAll(async () => {
    await edge?.stop()
    await rm(folder, { recursive: true, force: true })
  }, 30_000)

  const post = (path: string, body: string) => fetch(url + path, { method: 'POST', body })
  const get = async <T>(path: string) => (await (await fetch(url + path)).json()) as T

  test('makes every window final at the edge', async () => {
    const events = [0, 1, 2, 10_000].map((afterMs) => JSON.stringify({ at: T0 + afterMs, door: 'a', people: 2 }))
    expect((await post('/v1/events', events.join('\n'))).status).toBe(202)
    let windows: WindowPage['windows'] = []
    while (windows.length === 0) {
      await sleep(50)
      ;({ windows } = await get<WindowPage>('/v1/windows'))
    }
    expect(windows[0]).toMatchObject({ accepted: 3, edge: 3, burst: 0, rows: [{ key: 'a', taps: 3, people: 6 }] })
  }, 30_000)

  test('says so, and takes no order to burst', async () => {
    const { mode, burst } = await get<Status>('/v1/status')
    expect([mode, burst.reason]).toEqual(['never', 'no cloud: back-pressure above capacity'])
    const answer = await post('/v1/burst', '{"mode": "auto"}')
    expect(answer.status).toBe(409)
    expect(await answer.json()).toMatchObject({ code: 'no_cloud', retryable: false })
  })
})
