import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { JobStatus } from '../../flink/controller/job-status'
import { SidecarClient } from '../../flink/sidecar/client'
import { decodeFacts } from '../../flink/sidecar/controller-messages'
import { decodeFolded, encodeAdmit, encodeFold, KIND } from '../../flink/sidecar/messages'
import { ensurePackaged } from '../../localstack/package'
import { bidLines } from '../../scripts/load/events/bids'
import { type Child, LOCAL_ENV, type Stoppable, startChild } from '../../scripts/processes/child'
import { startCloud } from '../../scripts/processes/cloud-process'
import { type FakeFlink, fakeFlink } from '../flink/rest/fake-flink'
import { eventually } from '../support/eventually'

const ENVELOPE_EVENTS = 250
const FLOOD = 40 // envelopes: 10,000 events at once are seconds of work for an edge that folds 2,000 a second

/** Sidecar and controller as processes of their own, over the embedded cloud; only Flink is not real. */
describe('a sidecar whose controller is killed', () => {
  const children: Stoppable[] = []
  let folder: string
  let socket: string
  let flink: FakeFlink
  let client: SidecarClient
  let controller: Child
  let offset = 0

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spillway-job-'))
    socket = join(folder, 'sidecar.sock')
    await ensurePackaged({ onProgress: () => undefined })
    const endpoint = await startCloud({ logFile: join(folder, 'functions.log') }, children)
    const settings = ['--pipeline', 'bids', '--transport', 'invoke', '--log-level', 'error']
    const env = { ...LOCAL_ENV, AWS_ENDPOINT_URL: endpoint }
    const sidecar = startChild('flink/sidecar/main.ts', ['--listen', `unix:${socket}`, ...settings], env)
    children.push(sidecar)
    await sidecar.ready()
    flink = await fakeFlink({ pending: 0 })
    client = await SidecarClient.connect({ path: socket })
    await client.hello('bids')
  }, 180_000)

  afterAll(async () => {
    client?.close()
    flink?.stop()
    for (const child of children.reverse()) await child.stop()
    await rm(folder, { recursive: true, force: true })
  }, 30_000)

  const facts = async () => decodeFacts(await client.ask(KIND.facts))

  /** Starts a controller and waits until the sidecar has heard it. */
  async function start(...settings: string[]): Promise<string> {
    const named = ['--flink', flink.url, '--sidecars', `unix:${socket}`, '--pipeline', 'bids', '--port', '0']
    controller = startChild('flink/controller/main.ts', [...named, '--log-level', 'error', ...settings], LOCAL_ENV)
    children.push(controller)
    const { url } = await controller.ready<{ url: string }>()
    return url
  }

  /** Ends it as a crash would, and waits until it is gone. */
  async function kill(): Promise<void> {
    controller.signal('SIGKILL')
    await controller.ended()
  }

  /** Folds so many envelopes at once, and says where each was folded. */
  async function fold(envelopes: number): Promise<('edge' | 'burst')[]> {
    const line = bidLines(1, { keys: 100, zipf: 1, poison: 0 })
    const nowMs = Date.now()
    return Promise.all(
      Array.from({ length: envelopes }, async () => {
        const firstOffset = offset
        offset += ENVELOPE_EVENTS
        const records = Array.from({ length: ENVELOPE_EVENTS }, (_, at) => ({
          offset: firstOffset + at,
          bytes: Buffer.from(line(firstOffset + at, nowMs)),
        }))
        const name = { source: 'run/bids/0', firstOffset }
        await client.ask(KIND.admit, encodeAdmit({ ...name, records }))
        return decodeFolded(await client.ask(KIND.fold, encodeFold({ ...name, again: null }))).lane
      }),
    )
  }

  test('goes on with its last orders', async () => {
    await start('--mode', 'always', '--max-invokes', '3', '--max-usd-per-hour', '1')
    await eventually(async () => expect((await facts()).limits).toEqual({ lanes: 3, maxUsdPerHour: 1 }))
    await kill()
    expect(await fold(2)).toEqual(['burst', 'burst'])
    const { mode, limits, ordersAgoMs } = await facts()
    expect({ mode, limits }).toEqual({ mode: 'always', limits: { lanes: 3, maxUsdPerHour: 1 } })
    expect(ordersAgoMs).toBeGreaterThan(0)
  }, 120_000)

  test('bursts by its own signal, within the limits that it was given last', async () => {
    await start('--max-invokes', '5')
    await eventually(async () => expect((await facts()).limits.lanes).toBe(5))
    await eventually(async () => expect((await facts()).bursting).toBe(false)) // no order makes it burst
    await kill()
    const lanes = await fold(FLOOD)
    expect(new Set(lanes)).toEqual(new Set(['edge', 'burst']))
    expect((await facts()).limits.lanes).toBe(5)
  }, 120_000)

  test('hears the next controller, which knows what all sidecars did before', async () => {
    const url = await start('--max-invokes', '7')
    await eventually(async () => expect((await facts()).limits.lanes).toBe(7))
    const status = (await (await fetch(`${url}/v1/status`)).json()) as JobStatus
    expect(status.events.burst).toBeGreaterThan(0)
    expect(status.job.sidecars).toEqual([expect.objectContaining({ name: `unix:${socket}`, hearing: 'heard' })])
    expect(await (await fetch(`${url}/metrics`)).text()).toContain(`spillway_sidecar_heard{sidecar="unix:${socket}"} 1`)
    expect(await (await fetch(url)).text()).toContain('<title>Spillway</title>')
  }, 120_000)
})
